using WanSharp.Jobs.Storage;
using WanSharp.Tensors;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>A clip that ComfyUI made is its job's as long as the workflow and the images are what they were.</summary>
public sealed class ComfySettingsTests : ComfyTests
{
    [Theory]
    [InlineData("high.safetensors", "other.safetensors")]
    [InlineData("\"end.png\"", "\"another.png\"")]
    public async Task Enqueue_WithAChangedWorkflow_IsRefused(string before, string after)
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([await JobAsync(Workflows.TwoExperts)]);
        var changed = Workflows.TwoExperts.Replace(before, after, StringComparison.Ordinal);
        Assert.NotEqual(Workflows.TwoExperts, changed);

        var job = await JobAsync(changed);

        Assert.Equal(0, store.Enqueue([await JobAsync(Workflows.TwoExperts)]));
        Assert.Contains("(workflow)", Assert.Throws<JobStoreException>(() => store.Enqueue([job])).Message, StringComparison.Ordinal);
        Assert.Throws<JobStoreException>(() => store.RequireSame([job])); // a dry run says the same
        Assert.Equal(1, store.Enqueue([job with { Overwrites = true }]));
    }

    [Fact]
    public async Task Enqueue_WithAnotherImageOfTheSameName_IsRefused()
    {
        using var store = TestJobs.Open(_folder);
        File.WriteAllText(_folder["first.png"], "pixels");
        store.Enqueue([await JobAsync(Workflows.TwoExperts, _folder["first.png"])]);
        File.WriteAllText(_folder["first.png"], "others");

        var job = await JobAsync(Workflows.TwoExperts, _folder["first.png"]);

        Assert.Contains("(image_digest)", Assert.Throws<JobStoreException>(() => store.Enqueue([job])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_OfAJobThatAnOlderVersionStored_IsTheSameJob()
    {
        using var store = TestJobs.Open(_folder);
        var job = await JobAsync(Workflows.TwoExperts);
        store.Enqueue([job with { Prepared = job.Prepared with { Settings = """{"prompt":"p"}""" } }]);

        Assert.Equal(0, store.Enqueue([job]));

        // its settings do not tell the workflow, but its key was made of it
        var changed = job with
        {
            Prepared = job.Prepared with { ResultKey = "another" },
        };
        Assert.Contains(
            "another workflow or image",
            Assert.Throws<JobStoreException>(() => store.Enqueue([changed])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task RunAsync_AfterAnImageChanged_IsRefused()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server], Workflows.TwoExperts);
        File.WriteAllText(_folder["first.png"], "pixels");
        var request = Request(_folder["first.png"]);
        var planned = await backend.PrepareAsync(request, Token);
        var run = Run(request);
        run = run with { Job = run.Job with { ResultKey = planned.ResultKey } };

        Assert.True((await backend.RunAsync(run, Token)).IsOfItsKey);
        File.WriteAllText(_folder["first.png"], "others");

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(run, Token));

        Assert.Contains("changed since the job was planned", refused.Message, StringComparison.Ordinal);
        Assert.Single(server.Posts); // nothing is made for the second
    }

    private static JobRequest Request(string? image) =>
        new() { Prompt = "p", Images = image is null ? [] : new Dictionary<int, string> { [0] = image } };

    private static async Task<NewJob> JobAsync(string workflow, string? image = null)
    {
        await using var backend = ComfyRun.Backend([Jobs.Comfy.ComfyAddress.Parse("http://localhost:1")], workflow);
        var request = Request(image);
        return new NewJob
        {
            Output = "1.mp4",
            Request = request,
            Prepared = await backend.PrepareAsync(request, Token),
        };
    }
}
