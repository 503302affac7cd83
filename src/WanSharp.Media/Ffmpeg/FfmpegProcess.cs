using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace WanSharp.Media.Ffmpeg;

/// <summary>
/// One run of ffmpeg with pipes for input and output. Its last complaints are kept for the error message; disposing it
/// ends it. Not thread-safe, but <see cref="Input"/> and <see cref="Output"/> may be used at the same time.
/// </summary>
internal sealed partial class FfmpegProcess : IAsyncDisposable
{
    /// <summary>How many characters of ffmpeg's last words are kept.</summary>
    private const int TailLength = 2000;

    /// <summary>How many of its last lines go into a message.</summary>
    private const int TailLines = 3;

    /// <summary>Exit codes above are those of a process that a signal killed, or stopped: 255.</summary>
    private const int MostOfItsOwn = 128;

    private static readonly TimeSpan SignalDelay = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task<string> _complaints;

    private FfmpegProcess(Process process)
    {
        _process = process;
        _complaints = ReadTailAsync(process.StandardError);
    }

    /// <summary>What ffmpeg reads as <c>pipe:0</c>.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>What ffmpeg writes as <c>pipe:1</c>.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The end of what it says of its work, once it has ended.</summary>
    public Task<string> Words => _complaints;

    /// <summary>Starts ffmpeg without a shell.</summary>
    /// <param name="ffmpeg">The program's full path.</param>
    /// <param name="arguments">Arguments, taken literally.</param>
    /// <param name="folder">The folder to run in; null for the current one.</param>
    /// <exception cref="MediaException">It does not start.</exception>
    public static FfmpegProcess Start(string ffmpeg, IEnumerable<string> arguments, string? folder = null)
    {
        // Without -xerror, a webm on a full disk is cut short and ffmpeg ends with code 0.
        var start = new ProcessStartInfo(ffmpeg, ["-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-y", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = folder ?? "",
        };
        try
        {
            return new FfmpegProcess(Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            throw new MediaException($"{ffmpeg} does not start: {exception.Message}.", exception);
        }
    }

    /// <summary>Ends ffmpeg at once when <paramref name="cancellationToken"/> fires, so that reads and writes return.</summary>
    public CancellationTokenRegistration KillOn(CancellationToken cancellationToken) => cancellationToken.Register(Kill);

    /// <summary>Closes the input and waits for ffmpeg's end.</summary>
    /// <param name="purpose">What it was for, to begin the message with: <c>x.mp4 cannot be read</c>.</param>
    /// <param name="cancellationToken">Ends ffmpeg.</param>
    /// <exception cref="MediaException">It reported a failure.</exception>
    public async Task FinishAsync(string purpose, CancellationToken cancellationToken)
    {
        using var registration = KillOn(cancellationToken);
        CloseInput();
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false); // killed by the registration when cancelled
        cancellationToken.ThrowIfCancellationRequested();
        if (_process.ExitCode != 0)
        {
            await AwaitOwnSignalAsync(cancellationToken).ConfigureAwait(false);
            var lines = (await _complaints.ConfigureAwait(false))
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(line => Origin().Replace(line, ""))
                .Distinct()
                .ToList();
            // the first one says the cause, the last ones what came of it
            lines = lines.Count > TailLines ? [lines[0], .. lines.TakeLast(TailLines - 1)] : lines;
            var reason = lines.Count > 0 ? string.Join(" / ", lines) : $"ffmpeg ended with code {_process.ExitCode}";
            throw new MediaException($"{purpose}: {reason}");
        }
    }

    /// <summary><see cref="FinishAsync"/> for what ffmpeg read: a failure says what the file is where that is the reason.</summary>
    /// <param name="path">The clip.</param>
    /// <param name="cancellationToken">Ends ffmpeg.</param>
    /// <exception cref="MediaException">It reported a failure.</exception>
    public async Task FinishReadingAsync(string path, CancellationToken cancellationToken)
    {
        var purpose = $"{path} cannot be read as a clip";
        try
        {
            await FinishAsync(purpose, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException exception)
        {
            var start = await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false);
            var problem =
                ClipContents.Problem(start)
                ?? $"it is damaged or incomplete (ffmpeg says: {exception.Message[(purpose.Length + ": ".Length)..].TrimEnd('.')}).";
            throw new MediaException($"{purpose}: {problem}", exception);
        }
    }

    /// <summary>
    /// A terminal's Ctrl-C goes to ffmpeg as well, whose end may be noticed before the signal that comes to this process: what it left
    /// unfinished would be taken for a failure of the clip.
    /// </summary>
    private async Task AwaitOwnSignalAsync(CancellationToken cancellationToken)
    {
        if (_process.ExitCode > MostOfItsOwn && cancellationToken.CanBeCanceled)
        {
            await Task.Delay(SignalDelay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells ffmpeg that no more input comes.</summary>
    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code tells whether that is a failure.
        }
    }

    /// <summary>Ends ffmpeg if it still runs, and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        await _complaints.ConfigureAwait(false);
        _process.Dispose();
    }

    /// <summary>The part of ffmpeg that complains, with its address in memory: other at every run, and nobody's help.</summary>
    [GeneratedRegex(@"^\[[^\]]* @ 0x[0-9a-f]+\] ")]
    private static partial Regex Origin();

    private void Kill()
    {
        try
        {
            // What it started, too, where it is a script around ffmpeg: that holds the pipes open.
            _process.Kill(entireProcessTree: !_process.HasExited);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended, or is ending.
        }
    }

    private static async Task<string> ReadTailAsync(StreamReader reader)
    {
        var (tail, isCut) = ("", false);
        var buffer = new char[TailLength];
        while (await reader.ReadAsync(buffer).ConfigureAwait(false) is var count and > 0)
        {
            tail += new string(buffer, 0, count);
            isCut |= tail.Length > TailLength;
            tail = tail[Math.Max(0, tail.Length - TailLength)..];
        }

        return isCut ? tail[(tail.IndexOf('\n', StringComparison.Ordinal) + 1)..] : tail; // half a line says nothing
    }
}
