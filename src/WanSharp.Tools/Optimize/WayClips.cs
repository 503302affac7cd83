using System.Diagnostics;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Optimize;

/// <summary>Makes clips in a way, times them, and compares them with the model's own.</summary>
/// <param name="host">Opens engines.</param>
/// <param name="engine">The model, and what computes it.</param>
/// <param name="asked">What the clips have in common.</param>
/// <param name="started">What the program takes before it comes to a command.</param>
internal sealed class WayClips(WanHost host, EngineSettings engine, ClipSettings asked, TimeSpan started) : IDisposable
{
    private readonly Dictionary<Quantization, EngineHost> _engines = [];
    private readonly Dictionary<(string Prompt, ulong Seed), (IReadOnlyList<byte[]> Frames, double Seconds)> _own = [];

    /// <summary>What a process needs for one clip in addition to the clip: its start, opening, compiling, the file.</summary>
    public Dictionary<Quantization, double> StartSeconds { get; } = [];

    /// <summary>Width and height of the clips; null before the first.</summary>
    public (int Width, int Height)? Size { get; private set; }

    /// <summary>An engine of a precision, which makes a clip when it is opened: what comes first takes longer.</summary>
    public async Task<EngineHost> EngineAsync(Quantization precision, string prompt, CancellationToken cancellationToken)
    {
        if (_engines.TryGetValue(precision, out var known))
        {
            return known;
        }

        var begun = Stopwatch.GetTimestamp();
        var opened = EngineHost.Open(host, engine with { Precision = precision });
        _engines.Add(precision, opened);
        var (frames, _) = await MakeAsync(opened, asked, prompt, 0, cancellationToken).ConfigureAwait(false);
        var plan = opened.Generator.Plan(new GenerationRequest(asked) { Prompt = prompt });
        await WriteAsync(frames, plan.Format, cancellationToken).ConfigureAwait(false);
        var first = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var (_, second) = await MakeAsync(opened, asked, prompt, 1, cancellationToken).ConfigureAwait(false);
        StartSeconds[precision] = started.TotalSeconds + Math.Max(0, first - second);
        return opened;
    }

    /// <summary>Measures a way on prompts, each with its own seed.</summary>
    /// <param name="way">The way.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="firstSeed">The first one's seed.</param>
    /// <param name="made">Receives each clip's loss, its frames and those of the model's own.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<MeasuredWay> MeasureAsync(
        Way way,
        IReadOnlyList<string> prompts,
        int firstSeed,
        Action<double, IReadOnlyList<byte[]>, IReadOnlyList<byte[]>>? made,
        CancellationToken cancellationToken
    )
    {
        var opened = await EngineAsync(way.Precision, prompts[0], cancellationToken).ConfigureAwait(false);
        var settings = way.Settings(asked);
        var (times, losses) = (new List<double>(), new List<double>());
        for (var i = 0; i < prompts.Count; i++)
        {
            var (prompt, seed) = (prompts[i], (ulong)(firstSeed + i));
            var own = await OwnAsync(prompt, seed, cancellationToken).ConfigureAwait(false);
            var (frames, seconds) =
                way.Choices.Count == 0 ? own : await MakeAsync(opened, settings, prompt, seed, cancellationToken).ConfigureAwait(false);
            var plan = opened.Generator.Plan(new GenerationRequest(settings) { Prompt = prompt, Seed = seed });
            Size = (plan.Settings.Width, plan.Settings.Height);
            times.Add(seconds);
            losses.Add(ClipMeasurement.LossOf(frames, own.Frames, plan));
            made?.Invoke(losses[^1], frames, own.Frames);
        }

        return new MeasuredWay(
            way,
            times.Order().ElementAt(times.Count / 2),
            losses.Average(),
            losses.Max(),
            opened.Generator.Statistics.Memory.PeakBytes
        );
    }

    public void Dispose()
    {
        foreach (var opened in _engines.Values)
        {
            opened.Dispose();
        }
    }

    /// <summary>Writes a clip, as a command would.</summary>
    private async Task WriteAsync(IReadOnlyList<byte[]> frames, ClipFormat format, CancellationToken cancellationToken)
    {
        var ffmpeg = host.FindFfmpeg();
        using var folder = WorkFolder.Create(Path.GetTempPath());
        var target = OutputTarget.Parse(folder[ffmpeg is null ? "clip.webp" : "clip.mp4"]);
        var writer = VideoWriter.Create(ffmpeg, target, format, settings: null);
        await using var end = writer.ConfigureAwait(false);
        foreach (var frame in frames)
        {
            await writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }

        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<(IReadOnlyList<byte[]> Frames, double Seconds)> OwnAsync(
        string prompt,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        if (!_own.TryGetValue((prompt, seed), out var own))
        {
            var opened = await EngineAsync(Quantization.None, prompt, cancellationToken).ConfigureAwait(false);
            _own[(prompt, seed)] = own = await MakeAsync(opened, asked, prompt, seed, cancellationToken).ConfigureAwait(false);
        }

        return own;
    }

    private static async Task<(IReadOnlyList<byte[]> Frames, double Seconds)> MakeAsync(
        EngineHost opened,
        ClipSettings settings,
        string prompt,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var plan = opened.Generator.Plan(new GenerationRequest(settings) { Prompt = prompt, Seed = seed });
        var statistics = await opened.Generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
        return (frames.Frames, statistics.Total.TotalSeconds);
    }
}
