using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Runs a <see cref="MemoryPass"/> in a process of its own, and within a limit if there is one.</summary>
/// <param name="command">The program and its arguments; it takes the pass on its standard input.</param>
internal sealed class PassProcess(IReadOnlyList<string> command)
{
    // The shell enters the group before it becomes the program, so that everything that the program takes is charged.
    private const string EnterGroup = "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"";

    /// <summary>Runs it. Nothing of the checkpoint is in the system's cache when it begins, if <paramref name="isCold"/>.</summary>
    /// <param name="pass">What it does.</param>
    /// <param name="limit">The most bytes that it may hold; null for no limit.</param>
    /// <param name="isCold">Whether the checkpoint is forgotten first: then all that it reads is charged to it.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <exception cref="BenchmarkException">It did not end well; the message has what it said.</exception>
    public async Task<PassOutcome> RunAsync(MemoryPass pass, long? limit, bool isCold, CancellationToken cancellationToken)
    {
        if (isCold)
        {
            PageCache.Evict(Path.GetDirectoryName(pass.Checkpoint)!);
        }

        using var group = MemoryGroup.TryCreate(limit, out var whyNot);
        string[] line = group is null ? [.. command] : ["/bin/sh", "-c", EnterGroup, group.Folder, .. command];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        try
        {
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(cancellationToken),
                process.StandardError.ReadToEndAsync(cancellationToken)
            );
            await process
                .StandardInput.WriteAsync(JsonSerializer.Serialize(pass, MemoryJson.Default.MemoryPass).AsMemory(), cancellationToken)
                .ConfigureAwait(false);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new BenchmarkException(
                    process.ExitCode == Killed && limit is { } bytes
                        ? $"The system ended the process: it needed more than its {bytes:N0} bytes."
                        : $"The process ended with {process.ExitCode}: {(await error.ConfigureAwait(false)).Trim()}"
                );
            }

            var result =
                JsonSerializer.Deserialize(await output.ConfigureAwait(false), MemoryJson.Default.MemoryPassResult)
                ?? throw new BenchmarkException("The process reported null instead of its measurements.");
            return new PassOutcome(result, group?.PeakBytes ?? result.PrivateBytes ?? 0, whyNot);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>How a shell tells that a process was killed: 128 and the signal's number.</summary>
    private static int Killed => 128 + 9;

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new BenchmarkException($"{start.FileName} cannot be started: {e.Message}", e);
        }
    }
}
