"""Results of other tools, translated into the contract; nothing else ever reads their shapes."""
