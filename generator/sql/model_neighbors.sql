-- What do the lenses read in every cell of one model, at every layer?
select image_id, lens, vision_layer, cell, rank, token, token_id, score, probability, text_layer, context_id
from neighbors
where model_id = $model_id
order by image_id, lens, vision_layer, cell, rank
