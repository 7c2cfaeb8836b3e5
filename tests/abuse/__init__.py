"""Breaking the promises on purpose: forged presses, hostile updates, hostile words, logs."""
