"""Training of the starter segmenter: labels, pictures, augmentation, losses, schedule, calibration, export."""
