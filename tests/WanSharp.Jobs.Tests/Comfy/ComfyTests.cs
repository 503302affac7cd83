using WanSharp.Engine;
using WanSharp.Jobs.Comfy;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Tests of one backend over servers that answer as ComfyUI does.</summary>
public abstract class ComfyTests : IDisposable
{
    /// <summary>Asks often and waits for no server, but gives a job all the time that a busy machine needs.</summary>
    private protected static readonly ComfyBackendOptions Impatient = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(30),
        LostAfter = TimeSpan.FromMilliseconds(200),
        SilentAfter = TimeSpan.FromMinutes(5),
        RequestTimeout = TimeSpan.FromMinutes(1),
        ServerWait = TimeSpan.Zero,
        FirstWait = TimeSpan.Zero,
    };

    private protected readonly TemporaryFolder _folder = new();

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static ComfyBackend Backend(
        FakeComfy[] servers,
        string workflow = Workflows.TextToVideo,
        ComfyBackendOptions? options = null
    ) => Backend([.. servers.Select(server => server.Address)], workflow, options);

    private protected static ComfyBackend Backend(
        Uri[] servers,
        string workflow = Workflows.TextToVideo,
        ComfyBackendOptions? options = null
    )
    {
        var parsed = Workflows.Parse(workflow);
        return new ComfyBackend(
            [.. servers.Select(server => ComfyAddress.Parse(server.ToString()))],
            parsed,
            ComfyMapping.Guess(parsed),
            options ?? Impatient
        );
    }

    private protected JobRun Run(JobRequest? request = null, IProgress<GenerationProgress>? progress = null, string output = "1.mp4") =>
        new()
        {
            Job = new Job
            {
                Id = 1,
                Request = request ?? new JobRequest { Prompt = "p" },
                Output = output,
                State = JobState.Running,
            },
            ArtifactPath = _folder[output],
            SnapshotPath = _folder["1.snapshot"],
            SnapshotInterval = TimeSpan.FromSeconds(1),
            Progress = progress ?? new Progress(),
        };

    private protected static async Task WaitUntil(Func<bool> isTrue)
    {
        while (!isTrue())
        {
            await Task.Delay(5, Token);
        }
    }

    private protected sealed class Progress : IProgress<GenerationProgress>
    {
        private readonly List<GenerationProgress> _all = [];

        public IReadOnlyList<GenerationProgress> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public void Report(GenerationProgress value)
        {
            lock (_all)
            {
                _all.Add(value);
            }
        }
    }
}
