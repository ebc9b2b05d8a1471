-- How often does each token come first in a list, over all models, images, lenses and layers?
select token, count(*) as lists
from neighbors
where rank = 1
group by token
order by lists desc, token
