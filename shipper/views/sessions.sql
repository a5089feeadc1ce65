-- SPDX-License-Identifier: Apache-2.0
-- Requests of a visitor with no more than 30 minutes between one and the next. The visitor is the id
-- of the cookie where an event of the request has it, else address and user agent, hashed.
-- needs: requests(request_time, c_ip, cs_user_agent, cs_uri_stem, x_edge_request_id, _segment,
-- needs: _offset), events(request_id, number, visitor)
CREATE OR REPLACE VIEW @schema@sessions AS
WITH visits AS (
  SELECT coalesce(events.visitor,
                  md5(coalesce(requests.c_ip, '') || ' ' || coalesce(requests.cs_user_agent, '')))
           AS visitor,
         requests.request_time AS request_time,
         requests.cs_uri_stem AS path,
         requests._segment AS segment,
         requests._offset AS place
  FROM @schema@requests AS requests
  LEFT JOIN @schema@events AS events
    ON events.request_id = requests.x_edge_request_id AND events.number = 0
), starts AS (
  SELECT visits.*,
         CASE WHEN request_time - lag(request_time) OVER by_time <= INTERVAL '30 minutes'
              THEN 0 ELSE 1 END AS begins
  FROM visits
  WINDOW by_time AS (PARTITION BY visitor ORDER BY request_time, segment, place)
), numbered AS (
  SELECT starts.*,
         sum(begins) OVER (PARTITION BY visitor ORDER BY request_time, segment, place
                           ROWS UNBOUNDED PRECEDING) AS number
  FROM starts
)
SELECT visitor,
       CAST(number AS BIGINT) AS session,
       min(request_time) AS began_at,
       max(request_time) AS ended_at,
       count(*) AS requests,
       (array_agg(path ORDER BY request_time, segment, place))[1] AS first_path
FROM numbered
GROUP BY 1, 2
