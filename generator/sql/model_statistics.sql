-- How long, how turned and how certain are one model's hidden states, cell by cell?
select image_id, vision_layer, cell, norm, cosine_to_layer_0, mean_cosine, entropy, kl_to_final
from cells
where model_id = $model_id
  and image_id >= $first_image and image_id < $before_image
order by image_id, vision_layer, cell
