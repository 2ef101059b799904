"""What is asked and answered: graph, models as protocols, cost, actionability, scenario, request, recommendation."""
