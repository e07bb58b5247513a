"""What programs may ask: documents, errors and limits, over HTTP and the Model Context Protocol."""
