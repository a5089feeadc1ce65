-- SPDX-License-Identifier: Apache-2.0
-- Impressions joined to their clicks, by ad. Records of routes that end in /impressions and /clicks;
-- both say impression_id, impressions say ad_id. A second click on the same impression counts in
-- clicks, not in clicked.
-- needs: events(event_time, path, fault, record)
CREATE OR REPLACE VIEW @schema@ad_click_through AS
WITH impressions AS (
  SELECT @record:impression_id@ AS impression_id,
         max(@record:ad_id@) AS ad_id,
         min(event_time) AS impression_time
  FROM @schema@events
  WHERE fault IS NULL AND path LIKE '%/impressions' AND @record:impression_id@ IS NOT NULL
  GROUP BY 1
), clicks AS (
  SELECT @record:impression_id@ AS impression_id,
         count(*) AS clicks,
         min(event_time) AS click_time
  FROM @schema@events
  WHERE fault IS NULL AND path LIKE '%/clicks' AND @record:impression_id@ IS NOT NULL
  GROUP BY 1
)
SELECT impressions.ad_id AS ad_id,
       count(*) AS impressions,
       count(clicks.impression_id) AS clicked,
       CAST(coalesce(sum(clicks.clicks), 0) AS BIGINT) AS clicks,
       CAST(count(clicks.impression_id) AS DOUBLE PRECISION) / count(*) AS click_through_rate,
       avg(extract(epoch FROM clicks.click_time) - extract(epoch FROM impressions.impression_time))
         AS seconds_to_click
FROM impressions
LEFT JOIN clicks ON clicks.impression_id = impressions.impression_id
GROUP BY 1
