"""What a schema cannot say of a report: which of two numbers is the larger, and that nothing stands twice."""

import schemathesis


def whole(value):
    """To JSON Schema 7.0 is as whole as 7."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0


def mend(report):
    window = report.get("window")
    if isinstance(window, list) and len(window) == 2 and all(map(whole, window)):
        first, last = sorted(window)
        report["window"] = [first, last if first < last else last + 1]
    healthy, total = report.get("healthy_backends"), report.get("total_backends")
    if whole(healthy) and whole(total):
        report["healthy_backends"], report["total_backends"] = sorted([healthy, total])


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    mend(body)
    reports = body.get("reports")
    if isinstance(reports, list):
        seen, kept = set(), []
        for report in reports:
            if isinstance(report, dict):
                mend(report)
                subject = repr([report.get(field) for field in ("vip", "address", "site")])
                if subject in seen:
                    continue
                seen.add(subject)
            kept.append(report)
        body["reports"] = kept
    return body
