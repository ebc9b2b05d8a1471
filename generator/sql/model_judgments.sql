-- What did the judges say of one model's cells?
select
    image_id, lens, vision_layer, cell, judge, status, interpretable,
    concrete_words, abstract_words, global_words, candidates, reasoning, failure,
    truth_kind, names_truth, names_noun
from judgments
where model_id = $model_id
  and image_id >= $first_image and image_id < $before_image
order by image_id, judge, lens, vision_layer, cell
