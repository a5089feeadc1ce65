-- SPDX-License-Identifier: Apache-2.0
-- Requests, clients, bytes and errors of each minute and host.
-- needs: requests(request_time, x_host_header, c_ip, sc_bytes, sc_status, time_taken)
CREATE OR REPLACE VIEW @schema@traffic_by_minute AS
SELECT date_trunc('minute', request_time) AS minute,
       x_host_header AS host,
       count(*) AS requests,
       count(DISTINCT c_ip) AS clients,
       sum(sc_bytes) AS bytes_sent,
       count(CASE WHEN sc_status >= 400 THEN 1 END) AS errors,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY time_taken) AS time_taken_p95
FROM @schema@requests
GROUP BY 1, 2
