"""What landfall is measured against: peers' learners on real data. The product never imports it."""
