"""What differs between vision-language models: the canvas, and where each cell stands in the sequence."""
