"""What a run or a training would take: passes, memory, disk and time, from configurations alone."""
