using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>The same network in PyTorch, in a separate process that runs on request: training/bench_peer.py.</summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class TorchPeer : IAsyncDisposable
{
    private const string MissingPyTorch =
        "install PyTorch and numpy (Debian: apt install python3-torch libopenblas0-pthread; elsewhere: pip install torch numpy), "
        + "or set WAN_PYTHON to a Python that has them.";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly WorkFolder _folder;

    private TorchPeer(Process process, WorkFolder folder)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _folder = folder;
    }

    /// <summary>PyTorch's version.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Seconds from the start of the process to the end of its first forward pass.</summary>
    public double StartToFirst { get; private set; }

    private static string Script => Path.Combine(AppContext.BaseDirectory, "training", "bench_peer.py");

    /// <summary>Starts the process; returns when its first forward pass is done.</summary>
    /// <exception cref="BenchmarkException">There is no such Python, or it has no PyTorch, or the network failed.</exception>
    public static async Task<TorchPeer> StartAsync(
        string python,
        Workload workload,
        string checkpoint,
        int threads,
        CancellationToken cancellationToken
    )
    {
        var arguments = workload.PeerArguments;
        var folder = WorkFolder.CreateTemporary();
        var inputs = folder["inputs.safetensors"];
        SafetensorsWriter.Write(inputs, workload.Inputs, cancellationToken: cancellationToken);
        var request = new JsonObject
        {
            ["network"] = workload.Name,
            ["arguments"] = arguments,
            ["weights"] = checkpoint,
            ["inputs"] = inputs,
            ["threads"] = threads,
        };
        var started = Stopwatch.GetTimestamp();
        var peer = new TorchPeer(Start(python, threads), folder);
        try
        {
            var answer = await peer.AskAsync(request, cancellationToken).ConfigureAwait(false);
            peer.StartToFirst = Stopwatch.GetElapsedTime(started).TotalSeconds;
            peer.Version = answer["version"]!.GetValue<string>();
            return peer;
        }
        catch
        {
            await peer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>One forward pass.</summary>
    /// <param name="precision">"f32" or "bf16".</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Its seconds.</returns>
    public async Task<double> RunAsync(string precision, CancellationToken cancellationToken) =>
        (await AskAsync(Order(precision, output: null), cancellationToken).ConfigureAwait(false))["seconds"]!.GetValue<double>();

    /// <summary>One forward pass, not timed.</summary>
    /// <returns>Its result, in the order of ours.</returns>
    public async Task<float[]> ResultAsync(string precision, CancellationToken cancellationToken)
    {
        var file = _folder[precision];
        await AskAsync(Order(precision, file), cancellationToken).ConfigureAwait(false);
        return MemoryMarshal.Cast<byte, float>(await PlainFile.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false)).ToArray();
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }

        await _errors.ConfigureAwait(false);
        _process.Dispose();
        _folder.Dispose();
    }

    private static JsonObject Order(string precision, string? output) => new() { ["precision"] = precision, ["output"] = output };

    private static Process Start(string python, int threads)
    {
        var start = new ProcessStartInfo(python, ["-u", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var count = threads.ToString(CultureInfo.InvariantCulture);
        foreach (var variable in new[] { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS" })
        {
            start.Environment[variable] = count; // matrix libraries read them once, whatever PyTorch is told later
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BenchmarkException($"'{python}' cannot be started ({e.Message}): {MissingPyTorch}", e);
        }
    }

    private async Task<JsonNode> AskAsync(JsonObject question, CancellationToken cancellationToken)
    {
        string? line = null;
        try
        {
            await _process.StandardInput.WriteLineAsync(question.ToJsonString().AsMemory(), cancellationToken).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(cancellationToken).ConfigureAwait(false);
            line = await _process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The process has ended; what it said is read below.
        }

        if (line is null)
        {
            throw new BenchmarkException($"PyTorch failed: {LastLine(await _errors.ConfigureAwait(false))}");
        }

        var answer = JsonNode.Parse(line)!;
        return answer["missing"] is { } module
            ? throw new BenchmarkException($"'{_process.StartInfo.FileName}' has no module {module}: {MissingPyTorch}")
            : answer;
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
        ?? "it ended without an error message.";
}
