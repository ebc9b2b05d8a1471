-- Which blocks of the matrix have any neighbour?
select distinct model_id, image_id, lens, vision_layer
from neighbors
order by model_id, image_id, lens, vision_layer
