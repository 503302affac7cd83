using System.Diagnostics;

namespace WanSharp.Cli.Tests;

/// <summary>
/// What a process of its own did: for what a command line run in this process cannot show (streams, signals, the environment).
/// </summary>
internal sealed record ProcessRun(int ExitCode, string Out, string Error)
{
    /// <summary>The launcher that the build puts next to the tests.</summary>
    public static string Wan => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "wan.exe" : "wan");

    /// <summary>Options that make a clip in a moment.</summary>
    public static string[] Quick => ["--model", QuickModel.Path, "--size", "32x32", "--frames", "5", "--steps", "1"];

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variables">Environment variables that differ from this process's; null removes one.</param>
    /// <param name="folder">The folder to run in.</param>
    /// <param name="input">Bytes for standard input, which ends after them.</param>
    public static async Task<ProcessRun> RunAsync(
        string program,
        string[] arguments,
        Dictionary<string, string?>? variables = null,
        string? folder = null,
        byte[]? input = null
    )
    {
        using var process = Start(program, arguments, variables, folder);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.BaseStream.WriteAsync(input ?? []);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ProcessRun(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a line of the shell, in which <c>"$@"</c> is the program with these arguments.</summary>
    public static Task<ProcessRun> ShellAsync(
        string script,
        string[] arguments,
        Dictionary<string, string?>? variables = null,
        string? folder = null
    )
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It takes a POSIX shell.");
        return RunAsync("/bin/sh", ["-c", script, "sh", Wan, .. arguments], variables, folder);
    }

    /// <summary>Starts a program with pipes for its three streams.</summary>
    public static Process Start(string program, string[] arguments, Dictionary<string, string?>? variables = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in variables ?? [])
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
