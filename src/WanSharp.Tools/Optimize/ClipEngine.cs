using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Optimize;

/// <summary>
/// The engine that a clip needs: in the precision that is given, or that its preset is for, or of the measured way that makes it in time.
/// </summary>
public sealed class ClipEngine : IDisposable
{
    private ClipEngine(EngineHost engine, GenerationRequest request, SavedWay? way, IReadOnlyList<string> leftOut) =>
        (Engine, Request, Way, LeftOut) = (engine, request, way, leftOut);

    /// <summary>The engine.</summary>
    public EngineHost Engine { get; }

    /// <summary>The clip, in its style, and with what the way sets.</summary>
    public GenerationRequest Request { get; }

    /// <summary>The way that was chosen; null where no time was given.</summary>
    public SavedWay? Way { get; }

    /// <summary>A line on each measured way that does not hold now.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>Opens it.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="settings">The model, and what computes it.</param>
    /// <param name="asked">The clip as it was asked for.</param>
    /// <param name="styled">The clip in its style, which depends on the model.</param>
    /// <param name="within">The time, from the start of the program; null for any.</param>
    /// <param name="progress">Receives how much of the model was read for its digest, where a time is given.</param>
    /// <param name="cancellationToken">Stops within a file.</param>
    /// <exception cref="InvalidRequestException">No measured way makes such a clip in this time, or the clip cannot be made.</exception>
    /// <exception cref="CheckpointException">The model cannot be opened.</exception>
    public static ClipEngine Open(
        WanHost host,
        EngineSettings settings,
        GenerationRequest asked,
        Func<GenerationRequest, WanModel, GenerationRequest> styled,
        TimeSpan? within,
        IProgress<double>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(styled);
        if (within is not null && settings.Precision is not null)
        {
            throw new InvalidRequestException("within", "--within chooses the precision itself: leave --precision out.");
        }

        var (request, way, front, leftOut) = (asked, (SavedWay?)null, (SavedFront?)null, new List<string>());
        var engine = EngineHost.Open(host, settings, Choose);
        try
        {
            if (settings.Precision is not null) // nothing was chosen
            {
                request = styled(asked, engine.Model);
            }

            while (way is not null && SlowerNow(engine, request, way) is { } why)
            {
                leftOut.Add(FrontChoice.LeftOut(way, why));
                front = front!.Without([way]);
                way = FrontChoice.Choose(front, within!.Value, leftOut);
                if (way.Precision != engine.Precision.Name)
                {
                    engine.Dispose();
                    engine = EngineHost.Open(host, settings with { Precision = Precision.Find(way.Precision) });
                }
            }

            return new ClipEngine(engine, way is null ? request : way.In(request), way, leftOut);
        }
        catch
        {
            engine.Dispose();
            throw;
        }

        Precision? Choose(EngineSight sight)
        {
            request = styled(asked, sight.Model);
            if (within is not { } time)
            {
                return host.OpenPresets(sight.Model).PrecisionFor([request.Preset], sight.Model);
            }

            FrontChoice.RequireOpen(asked, request);
            sight.Model.ReadDigest(progress, cancellationToken);
            (front, var stale) = FrontChoice.Find(host, sight, settings, request);
            leftOut.AddRange(stale);
            way = FrontChoice.Choose(front, time, leftOut);
            return Precision.Find(way.Precision);
        }
    }

    /// <summary>What makes a way slower than it was measured: memory that is not free now, a clause. Null for nothing.</summary>
    private static string? SlowerNow(EngineHost engine, GenerationRequest request, SavedWay way)
    {
        var plan = engine.Generator.Plan(way.In(request));
        return SavedStrategy.Slower(way.Strategy, SavedStrategy.Of(plan.Strategy));
    }

    /// <inheritdoc/>
    public void Dispose() => Engine.Dispose();
}
