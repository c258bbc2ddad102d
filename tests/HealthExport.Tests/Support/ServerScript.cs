using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace HealthExport.Tests.Support;

/// <summary>
/// A running script of those beside this file: it starts a server of a test's own, does with it what it is told on its
/// standard input, says so in a word, and takes it away when that input ends, as it does with this process.
/// </summary>
sealed class ServerScript : IAsyncDisposable
{
    readonly string _name;
    readonly Process _process;

    ServerScript(string name, Process process) => (_name, _process) = (name, process);

    /// <summary>Starts one, and waits until its server has.</summary>
    /// <param name="user">Who runs it where this process is root's, because many servers refuse to be; null for root.
    /// </param>
    public static async Task<ServerScript> StartAsync(string name, string? user, params string[] arguments)
    {
        using var reader = new StreamReader(typeof(ServerScript).Assembly.GetManifestResourceStream(name)!);
        string[] command =
            user is not null && Environment.UserName == "root" ? ["runuser", "-u", user, "--", "sh"] : ["sh"];
        var start = new ProcessStartInfo
        {
            FileName = command[0],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var word in (string[])[.. command[1..], "-c", await reader.ReadToEndAsync(), name, .. arguments])
            start.ArgumentList.Add(word);
        var script = new ServerScript(
            name, Process.Start(start) ?? throw new InvalidOperationException("The shell did not start."));
        await script.ExpectAsync("started");
        return script;
    }

    /// <summary>Has it do something.</summary>
    /// <param name="answer">Its word for having done so.</param>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public async Task SendAsync(string command, string answer)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        await ExpectAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public static int FindFreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    async Task ExpectAsync(string answer)
    {
        if (await _process.StandardOutput.ReadLineAsync() == answer) return;
        throw new InvalidOperationException(
            $"{_name} did not come to be {answer}: {await _process.StandardError.ReadToEndAsync()}");
    }
}
