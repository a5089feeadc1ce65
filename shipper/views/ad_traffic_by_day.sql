-- SPDX-License-Identifier: Apache-2.0
-- Impressions and clicks of each ad and UTC day, as they came: a click counts on its own day.
-- needs: events(event_time, path, fault, visitor, record)
CREATE OR REPLACE VIEW @schema@ad_traffic_by_day AS
SELECT CAST(@utc:event_time@ AS DATE) AS day,
       @record:ad_id@ AS ad_id,
       count(CASE WHEN path LIKE '%/impressions' THEN 1 END) AS impressions,
       count(CASE WHEN path LIKE '%/clicks' THEN 1 END) AS clicks,
       count(DISTINCT visitor) AS visitors
FROM @schema@events
WHERE fault IS NULL AND (path LIKE '%/impressions' OR path LIKE '%/clicks')
GROUP BY 1, 2
