"""Training of the outline refiner: samples with spoilt heat and clicks, the net, schedule, export."""
