using System.Buffers.Binary;
using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Sleep;
using HealthExport.Stores;
using HealthExport.Totals;

namespace HealthExport.Server.Sleep;

/// <summary>GET /v1/sleep: nights and naps by the local date of waking, oldest first.</summary>
static class ListNights
{
    public static readonly string[] Parameters = ["from", "to", "stages", "cursor", "limit"];

    static readonly string[] s_flags = ["true", "false"];

    static readonly string[] s_columns =
    [
        "date", "start", "end", "in_bed", "asleep", "core", "deep", "rem", "awake", "efficiency", "source", "basis",
        "is_nap",
    ];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, SleepDiary diary, IUserStore users, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.Span();
        var hasStages = query.Choice("stages", s_flags) == "true";
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = FormattableString.Invariant($"sleep {caller.UserId} {span}");
        var ranks = SourceRanks.InOrder(await users.ListSourceRanksAsync(caller.UserId, cancellationToken));
        var nights = await diary.ListAsync(
            caller.UserId, span, ranks, ReadCursor(list, cursor), limit + 1, cancellationToken);
        var next = nights.Count > limit ? WriteCursor(list, SleepPosition.Of(nights[limit - 1])) : null;

        if (context.Request.PrefersCsv())
        {
            context.LinkNext(next);
            var lines = new CsvRows(context.Response, s_columns);
            foreach (var night in nights.Take(limit))
            {
                lines.BeginRow();
                Write(lines, night);
                await lines.EndRowAsync(cancellationToken);
            }
            await lines.EndAsync(null, cancellationToken);
            return TypedResults.Empty;
        }
        using var rows = new JsonRows(context.Response);
        foreach (var night in nights.Take(limit))
        {
            rows.BeginRow();
            Write(rows, night);
            if (hasStages) await WriteStagesAsync(rows, night, cancellationToken);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(next, cancellationToken);
        return TypedResults.Empty;
    }

    static void Write(IRowWriter rows, SleepNight night)
    {
        rows.Date("date", night.Date);
        rows.Time("start", night.StartAt, night.StartOffset);
        rows.Time("end", night.EndAt, night.EndOffset);
        Number("in_bed", night.InBedMinutes);
        Number("asleep", night.AsleepMinutes);
        Number("core", night.CoreMinutes);
        Number("deep", night.DeepMinutes);
        Number("rem", night.RemMinutes);
        Number("awake", night.AwakeMinutes);
        Number("efficiency", night.Efficiency);
        rows.Text("source", night.Source);
        rows.Text("basis", night.Basis == SleepBasis.Segments ? "segments" : "session");
        rows.Flag("is_nap", night.IsNap);

        void Number(string column, double? value) => rows.Number(column, value ?? double.NaN);
    }

    static async ValueTask WriteStagesAsync(JsonRows rows, SleepNight night, CancellationToken cancellationToken)
    {
        rows.BeginList("stages");
        foreach (var stage in night.Stages)
        {
            rows.BeginRow();
            rows.Time("start_at", stage.StartAt, stage.OffsetMinutes);
            rows.Time("end_at", stage.EndAt, stage.OffsetMinutes);
            rows.Text("stage", stage.Stage);
            rows.Text("stage_as_sent", stage.StageAsSent);
            await rows.EndRowAsync(cancellationToken);
        }
        rows.EndList();
    }

    static string WriteCursor(string list, SleepPosition place)
    {
        var bytes = new byte[sizeof(int) + 2 * sizeof(long)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, place.Date.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(int)), place.EndAt.Microseconds);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(int) + sizeof(long)), place.StartAt.Microseconds);
        return OpaqueCursor.Write(list, bytes);
    }

    static SleepPosition? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var bytes = OpaqueCursor.Read(list, cursor);
        if (bytes.Length != sizeof(int) + 2 * sizeof(long)) throw new InvalidCursorException();
        var day = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber) throw new InvalidCursorException();
        return new(
            DateOnly.FromDayNumber(day), new(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(sizeof(int)))),
            new(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(sizeof(int) + sizeof(long)))));
    }
}
