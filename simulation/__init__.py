"""The product's own services at another time: the past of the demo's directorate, and a bot whose clock runs ahead."""
