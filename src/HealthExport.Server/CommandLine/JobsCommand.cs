using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Texts;

namespace HealthExport.Server.CommandLine;

/// <summary>jobs: what is done to the whole store now and then; jobs run NAME does it now.</summary>
static class JobsCommand
{
    const string Remap = "remap";

    static readonly (string Name, string About)[] s_jobs =
    [
        (Remap, "Gives texts that were stored without a code the one that this version has for them"),
    ];

    public static Command Make(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = string.Join("; ", s_jobs.Select(job => job.Name)) };
        name.AcceptOnlyFromAmong([.. s_jobs.Select(job => job.Name)]);
        var user = new Option<string?>("--user") { Description = "Only this person's", HelpName = "EMAIL" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Counts only; changes nothing" };
        var run = new Command("run", "Does a job now, beside whatever server runs; safe to repeat")
        {
            name, user, dryRun,
        }
            .Run(shell, (call, cancellationToken) =>
                RemapAsync(call, call.Get(user), call.Get(dryRun), cancellationToken));
        var list = new Command("list", "Lists the jobs").Run(shell, (call, _) =>
        {
            if (call.IsJson)
                Answer.Write(shell.Out, new JsonObject
                {
                    ["items"] = Answer.ToArray(
                        s_jobs, job => new JsonObject { ["name"] = job.Name, ["about"] = job.About }),
                });
            else foreach (var job in s_jobs) shell.Out.WriteLine($"{job.Name}  {job.About}");
            return Task.FromResult(ExitCodes.Success);
        });
        return new Command("jobs", "Does what is done to the whole store now and then") { list, run };
    }

    static async Task<int> RemapAsync(
        Call call, string? email, bool isDryRun, CancellationToken cancellationToken)
    {
        await using var store = await call.OpenStoreAsync(cancellationToken);
        IEnumerable<User> people = email is not null
            ? [await store.GetUserAsync(email, cancellationToken)]
            : (await store.Users.ListAsync(cancellationToken)).Where(person => !person.IsBeingErased);
        var remap = new TextRemap(store.Texts);
        var done = new List<(User User, IReadOnlyList<MappedText> Texts)>();
        foreach (var person in people)
        {
            var texts = await MapAsync(call.Shell, remap, person, isDryRun, cancellationToken);
            if (texts.Count > 0) done.Add((person, texts));
            if (isDryRun) continue;
            if (texts.Count > 0)
                await store.Audit.AppendAsync(
                    [call.Describe(AuditAction.DataMapped, person.Id, metadata: MappedRows.Of(texts))],
                    cancellationToken);
            await store.Texts.MarkMappedAsync(person.Id, TextCodes.Table, cancellationToken);
        }
        if (call.IsJson) WriteJson(call.Shell, done, isDryRun);
        else WriteText(call.Shell, done, isDryRun);
        return ExitCodes.Success;
    }

    static async ValueTask<IReadOnlyList<MappedText>> MapAsync(
        Shell shell, TextRemap remap, User person, bool isDryRun, CancellationToken cancellationToken)
    {
        try
        {
            return await remap.RunAsync(person.Id, isDryRun, cancellationToken);
        }
        catch (Exception e) when (!isDryRun && e is OperationCanceledException or StoreUnavailableException)
        {
            shell.Error.WriteLine("What has been mapped stays so. The same command again goes on with the rest.");
            throw;
        }
    }

    static void WriteJson(Shell shell, List<(User User, IReadOnlyList<MappedText> Texts)> done, bool isDryRun) =>
        Answer.Write(shell.Out, new JsonObject
        {
            ["job"] = Remap,
            ["dry_run"] = isDryRun,
            ["rows"] = done.Sum(one => one.Texts.Sum(text => text.Rows)),
            ["users"] = Answer.ToArray(done, one => new JsonObject
            {
                ["email"] = one.User.Email,
                ["rows"] = one.Texts.Sum(text => text.Rows),
                ["items"] = Answer.ToArray(one.Texts, text => new JsonObject
                {
                    ["kind"] = text.Kind.Name,
                    ["text"] = text.Text,
                    ["code"] = text.Code,
                    ["rows"] = text.Rows,
                }),
            }),
        });

    static void WriteText(Shell shell, List<(User User, IReadOnlyList<MappedText> Texts)> done, bool isDryRun)
    {
        if (done.Count == 0)
        {
            shell.Out.WriteLine("No text that is stored without a code has one by now.");
            return;
        }
        Answer.WriteTable(
            shell, ["user", "kind", "text", "code", "rows"],
            from one in done
            from text in one.Texts
            select (string?[])
            [
                one.User.Email, text.Kind.Name, text.Text, text.Code,
                text.Rows.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ]);
        if (isDryRun) shell.Out.WriteLine("Nothing was changed.");
    }
}
