"""Does a claim say what its sources say?"""
