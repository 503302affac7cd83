using WanSharp.Engine;
using WanSharp.Jobs.Comfy;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Backends and runs for tests of servers.</summary>
internal static class ComfyRun
{
    /// <summary>Does not wait for servers, and asks often.</summary>
    public static readonly ComfyBackendOptions Impatient = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(20),
        LostAfter = TimeSpan.FromMilliseconds(100),
        SilentAfter = TimeSpan.FromMinutes(5),
        RequestTimeout = TimeSpan.FromMinutes(1),
        ServerWait = TimeSpan.Zero,
        FirstWait = TimeSpan.Zero,
    };

    public static ComfyBackend Backend(FakeComfy server, string workflow = Workflows.TextToVideo, ComfyBackendOptions? options = null) =>
        Backend([ComfyAddress.Parse(server.Address.ToString())], workflow, options);

    public static ComfyBackend Backend(ComfyAddress[] servers, string workflow = Workflows.TextToVideo, ComfyBackendOptions? options = null)
    {
        var parsed = Workflows.Parse(workflow);
        return new ComfyBackend(servers, parsed, ComfyMapping.Guess(parsed), options ?? Impatient);
    }

    public static JobRun Run(TemporaryFolder folder, JobRequest? request = null, string output = "1.mp4") =>
        new()
        {
            Job = new Job
            {
                Id = 1,
                Request = request ?? new JobRequest { Prompt = "p" },
                Output = output,
                State = JobState.Running,
            },
            ArtifactPath = folder[output],
            SnapshotPath = folder["1.snapshot"],
            SnapshotInterval = TimeSpan.FromSeconds(1),
            Progress = new Nobody(),
        };

    private sealed class Nobody : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) { }
    }
}
