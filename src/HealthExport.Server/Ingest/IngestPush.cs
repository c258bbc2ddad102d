using System.Diagnostics;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Limits;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;
using HealthExport.Time;
using Microsoft.AspNetCore.Http.Features;

namespace HealthExport.Server.Ingest;

/// <summary>
/// POST /v1/ingest: keeps the bytes of a push, then answers with its receipt, or with where that will be. Once the body
/// has come to its end, the push is kept whatever becomes of the connection.
/// </summary>
static class IngestPush
{
    const int MaxIdempotencyKeyLength = 255;

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, Budget budget, IIngestionStore store, IUserStore users, PushWorker worker,
        SettledPushes settled, LargeBodies bodies, AuditTrail trail, Instruments instruments, ServerSettings settings,
        TimeProvider clock)
    {
        var request = context.Request;
        var start = context.Features.GetRequiredFeature<RequestStart>();
        if (!TryReadIdempotencyKey(request.Headers, out var idempotencyKey))
            return Refuse(Problems.InvalidRequest(
                "Idempotency-Key", $"must be one text of 1 to {MaxIdempotencyKeyLength} printable ASCII characters."));

        PayloadSpool payload;
        using var room = bodies.For(caller.KeyId);
        try
        {
            var received = await ReceivePayload.ReceiveAsync(
                context, settings.Ingest, budget, room, clock);
            if (received.Refusal is { } refusal) return Refuse(refusal);
            payload = received.Payload!;
        }
        catch (StalledBodyException)
        {
            context.Abort();
            return TypedResults.Empty;
        }

        KeptPush kept;
        using var place = worker.FindPlace();
        using (payload)
        {
            if (await budget.TakeBodyAsync(payload.SizeBytes) is { } tooMuch) return tooMuch;
            var user = await users.FindAsync(caller.UserId, CancellationToken.None)
                ?? throw new UserGoneException();
            kept = await store.KeepAsync(
                new()
                {
                    UserId = caller.UserId,
                    KeyId = caller.KeyId,
                    ReceivedAt = Instant.From(start.At),
                    Payload = payload,
                    ContentType = request.ContentType,
                    Headers = ReadAutomation(request.Headers),
                    TimeZone = user.TimeZone,
                    IdempotencyKey = idempotencyKey,
                    Lease = place is null ? null : settings.Ingest.Lease,
                },
                CancellationToken.None);
        }
        // The receipt may take a while.
        room.Dispose();
        if (kept.As == KeptAs.Conflict) return Problems.Conflict();
        budget.Keep();
        if (kept.As == KeptAs.Duplicate) instruments.CountSettled(IngestionStatus.Duplicate);
        trail.Record(context, AuditAction.DataIngested, kept.Ingestion.Id.ToString(), Describe(kept));

        using var watch = settled.WatchFor(kept.Ingestion);
        if (kept.Claim is { } claim) place!.Start(claim);
        else place?.Dispose();
        if (kept.As == KeptAs.New && kept.Claim is null) worker.Wake();

        if (WantsNoWait(request.Headers) && !kept.Ingestion.HasTakenEffect)
        {
            context.Response.Headers["Preference-Applied"] = "respond-async";
            return IngestionAnswer.Later(kept.Ingestion);
        }
        // Only queued, it may have been claimed and settled by a worker before the watch began.
        var ingestion = await watch.WaitAsync(
            settings.Ingest.Wait - clock.GetElapsedTime(start.Timestamp), lookFirst: kept.Claim is null,
            context.RequestAborted);
        return IngestionAnswer.Respond(ingestion);

        RefusedBody Refuse(ProblemResult problem) => new(problem, settings.Ingest.Stall, clock);
    }

    /// <summary>What the audit trail says of a push, beside its id.</summary>
    public static JsonObject Describe(KeptPush kept) => new()
    {
        ["size_bytes"] = kept.Ingestion.SizeBytes,
        ["kept_as"] = kept.As switch
        {
            KeptAs.New => "new",
            KeptAs.Duplicate => "duplicate",
            KeptAs.Joined => "joined",
            KeptAs.Repeated => "repeated",
            _ => throw new UnreachableException(),
        },
    };

    /// <returns>False if there is one that cannot be used.</returns>
    static bool TryReadIdempotencyKey(IHeaderDictionary headers, out string? key)
    {
        var sent = headers["Idempotency-Key"];
        key = sent.Count == 1 ? sent[0] : null;
        return sent.Count == 0
            || (key is { Length: > 0 and <= MaxIdempotencyKeyLength }
                && !key.AsSpan().ContainsAnyExceptInRange(' ', '~'));
    }

    /// <summary>What the app says of the automation that pushes.</summary>
    static Dictionary<string, string> ReadAutomation(IHeaderDictionary headers)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in headers)
            if (name.StartsWith("automation-", StringComparison.OrdinalIgnoreCase)
                || name.Equals("session-id", StringComparison.OrdinalIgnoreCase))
                found[name.ToLowerInvariant()] = value.ToString();
        return found;
    }

    /// <summary>RFC 7240: preferences are separated by commas, each with parameters of its own.</summary>
    static bool WantsNoWait(IHeaderDictionary headers)
    {
        foreach (var line in headers["Prefer"])
            foreach (var preference in (line ?? "").Split(','))
                if (preference.AsSpan().Trim() is var text
                    && (text.IndexOf(';') is var end and >= 0 ? text[..end].TrimEnd() : text)
                        .Equals("respond-async", StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
