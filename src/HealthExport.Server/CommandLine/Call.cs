using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Server.Audit;

namespace HealthExport.Server.CommandLine;

/// <summary>One verb being run: its arguments and its surroundings.</summary>
sealed class Call(Shell shell, ParseResult arguments)
{
    public Shell Shell => shell;

    public bool IsJson { get; } = arguments.GetValue(JsonOption);

    public T Get<T>(Option<T> option) => arguments.GetValue(option)!;
    public T Get<T>(Argument<T> argument) => arguments.GetValue(argument)!;

    /// <summary>The configured store, ready to use: an embedded one is brought up to date first.</summary>
    /// <exception cref="CommandFailedException">It cannot be opened, or has to be migrated by the operator.</exception>
    public async ValueTask<StoreSession> OpenStoreAsync(CancellationToken cancellationToken)
    {
        var session = OpenStoreAsItIs();
        try
        {
            await Schema.PrepareAsync(session.Migrations, session.Settings, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks for a word that nobody types by mistake.</summary>
    /// <param name="what">What to type, as the question names it.</param>
    public async ValueTask<bool> ConfirmAsync(
        string warning, string what, string expected, CancellationToken cancellationToken)
    {
        shell.Error.WriteLine(warning);
        shell.Error.Write($"Type {what} to go on: ");
        shell.Error.Flush();
        var answer = await shell.OpenIn().ReadLineAsync(cancellationToken);
        return string.Equals(answer?.Trim(), expected, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The configured store, whatever the state of its schema.</summary>
    public StoreSession OpenStoreAsItIs() => StoreSession.Open(shell);

    /// <summary>What the audit trail shall say of something that the operator does with this verb.</summary>
    public AuditEntry Describe(
        AuditAction action, long userId = 0, string? resource = null, JsonObject? metadata = null) =>
        AuditEntry.Create(
            action, AuditOrigins.OfOperator(), shell.Clock.GetUtcNow(), userId, resource, metadata);

    /// <summary>On every verb.</summary>
    public static Option<bool> JsonOption { get; } = new("--json")
    {
        Description = "Prints one JSON document on stdout and nothing else",
        Recursive = true,
    };
}

static class CommandExtensions
{
    public static Command Run(this Command command, Shell shell, Func<Call, CancellationToken, Task<int>> run)
    {
        command.SetAction((arguments, cancellationToken) => run(new Call(shell, arguments), cancellationToken));
        return command;
    }
}
