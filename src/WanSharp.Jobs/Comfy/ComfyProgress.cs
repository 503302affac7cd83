using WanSharp.Engine;

namespace WanSharp.Jobs.Comfy;

/// <summary>Turns a server's messages about one job into progress, and times its stages.</summary>
internal sealed class ComfyProgress(ComfyWorkflow workflow, int steps, IProgress<GenerationProgress> progress, TimeProvider clock)
{
    private readonly Dictionary<string, int> _stepsDone = [];
    private readonly Dictionary<string, double> _seconds = [];
    private GenerationStage? _stage;
    private long _stageStart;

    /// <summary>Seconds of each stage until now.</summary>
    public IReadOnlyDictionary<string, double> StageSeconds()
    {
        EndStage();
        return _seconds;
    }

    /// <summary>The job is tried again: its steps begin anew.</summary>
    public void Restart() => _stepsDone.Clear();

    public void Take(ComfyEvent message)
    {
        switch (message.Type)
        {
            case "execution_start":
                Report(GenerationStage.Load, 0, 1);
                break;
            case "executing" when message.Node is { } node:
                Begin(node);
                break;
            case "progress" when message.Node is { } node:
                Advance(node, message.Data.At("value").Number(), message.Data.At("max").Number());
                break;
            case "progress_state":
                foreach (var (node, state) in message.Data.At("nodes").Members().Where(node => node.Value.At("state").Text() == "running"))
                {
                    Advance(node, state.At("value").Number(), state.At("max").Number());
                }

                break;
        }
    }

    private void Begin(string node)
    {
        if (StageOf(node) is { } stage && stage != _stage)
        {
            Report(stage, stage == GenerationStage.Denoise ? _stepsDone.Values.Sum() : 0, stage == GenerationStage.Denoise ? steps : 1);
        }
    }

    private void Advance(string node, double? value, double? maximum)
    {
        const double Most = 1_000_000;
        if (StageOf(node) is not { } stage || value is not (>= 0 and <= Most) || maximum is not (>= 1 and <= Most))
        {
            return;
        }

        if (stage == GenerationStage.Denoise)
        {
            _stepsDone[node] = (int)value; // two experts are two nodes, each with its share of the steps
            Report(stage, Math.Min(_stepsDone.Values.Sum(), steps), steps);
        }
        else
        {
            Report(stage, (int)value, (int)maximum);
        }
    }

    private void Report(GenerationStage stage, int done, int total)
    {
        if (stage != _stage)
        {
            EndStage();
            (_stage, _stageStart) = (stage, clock.GetTimestamp());
        }

        progress.Report(new GenerationProgress(stage, done, total));
    }

    private void EndStage()
    {
        if (_stage is { } stage)
        {
            var name = stage.ToString().ToLowerInvariant();
            _seconds[name] = _seconds.GetValueOrDefault(name) + clock.GetElapsedTime(_stageStart).TotalSeconds;
            _stage = null;
        }
    }

    /// <summary>The stage that a node belongs to, by its class; null for what takes no time.</summary>
    private GenerationStage? StageOf(string node)
    {
        if (!workflow.Nodes.TryGetValue(node, out var known))
        {
            return null;
        }

        var name = known.ClassType;
        return Has("KSamplerSelect") ? null
            : Has("Sampler") ? GenerationStage.Denoise
            : Has("Decode") || Has("Save") || Has("Combine") || Has("CreateVideo") ? GenerationStage.Decode
            : Has("Loader") ? GenerationStage.Load
            : Has("Encode") || Has("ToVideo") ? GenerationStage.Encode
            : null;

        bool Has(string part) => name.Contains(part, StringComparison.Ordinal);
    }
}
