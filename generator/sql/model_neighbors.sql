-- What does one lens read in every cell of one model, at every layer?
-- In no order: every row names its place, and the pages come out the same; sorting would cost more time and
-- memory than all that follows.
select image_id, vision_layer, cell, rank, token, token_id, score, probability, text_layer, context_id, percentile
from neighbors
where model_id = $model_id and lens = $lens
  and image_id >= $first_image and image_id < $before_image
