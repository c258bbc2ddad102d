using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Exports;

/// <summary>What the API's description says of the export.</summary>
static class ExportApi
{
    public static readonly Feature Feature = new(
        "Export", "Everything of a person, in forms that other programs read, and that this one reads back.",
        [],
        [
            new("GET", "/v1/export", "exportData", "Everything as a zip",
                "NDJSON of standard items under `ndjson/`, which can be pushed again; the same as tables under `csv/`; "
                + "routes as GPX 1.1 under `gpx/`; last `manifest.json`, with counts and hashes, without which it is "
                + "not whole. It is sent while it is read: an answer that breaks off is a zip cut short.")
            {
                Parameters =
                [
                    Text(
                        "types",
                        "Only these, parted by commas: `quantities`, `sleep_stages`, `sleep_sessions`, `workouts`, "
                        + "`events`.").Like("workouts,events"),
                ],
                Answers =
                [
                    new(200, "The zip.", [Content.Bytes("application/zip", "Zip64 where it is large.")],
                        CommonHeaders.ContentDisposition),
                ],
            },
        ]);
}
