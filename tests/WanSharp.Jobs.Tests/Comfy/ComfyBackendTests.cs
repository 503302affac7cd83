using System.Text.Json.Nodes;
using WanSharp.Engine;
using WanSharp.Tensors;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>What a job asks of a server that works, and what it gets.</summary>
public sealed class ComfyBackendTests : ComfyTests
{
    [Fact]
    public async Task RunAsync_FetchesTheClipAndTellsEachStep()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server]);
        var seen = new Progress();

        var outcome = await backend.RunAsync(
            Run(
                new JobRequest
                {
                    Prompt = "狐狸",
                    Seed = 5,
                    Steps = 3,
                },
                seen
            ),
            Token
        );

        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
        Assert.Equal(["1.mp4", "1.snapshot"], _folder.Entries);
        Assert.Contains(new GenerationProgress(GenerationStage.Denoise, 3, 3), seen.All);
        Assert.Equal(
            seen.All.Select(progress => progress.Stage).Distinct().Order(),
            seen.All.Select(progress => progress.Stage).Distinct()
        );
        Assert.Equal($"comfy {server.Address.ToString().TrimEnd('/')}", outcome.MadeBy);
        Assert.Equal(3.0, outcome.ComputeSeconds); // the server's own clock
        Assert.Contains("denoise", outcome.StageSeconds.Keys);
        var sent = JsonNode.Parse(server.Posts.Single()["/prompt ".Length..])!;
        Assert.Equal("狐狸", sent["prompt"]!["6"]!["inputs"]!["text"]!.GetValue<string>());
        Assert.Equal(5, sent["prompt"]!["3"]!["inputs"]!["seed"]!.GetValue<int>());
    }

    [Fact]
    public async Task RunAsync_WithImages_UploadsThemAndNamesThem()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server], Workflows.TwoExperts);
        File.WriteAllText(_folder["first.PNG"], "pixels");

        await backend.RunAsync(
            Run(
                new JobRequest
                {
                    Prompt = "p",
                    Images = new Dictionary<int, string> { [0] = _folder["first.PNG"] },
                }
            ),
            Token
        );

        var (name, content) = Assert.Single(server.Uploads);
        Assert.Equal("pixels"u8.ToArray(), content);
        Assert.Matches("^wansharp/[0-9a-f]{64}\\.png$", name);
        var sent = JsonNode.Parse(server.Posts.Single()["/prompt ".Length..])!["prompt"]!;
        Assert.Equal(name, sent["12"]!["inputs"]!["image"]!.GetValue<string>());
        Assert.Equal("end.png", sent["13"]!["inputs"]!["image"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task RunAsync_OfAServerThatIsOldOrTellsNothing_Works(bool isOld, bool tellsNothing)
    {
        await using var server = await FakeComfy.StartAsync();
        (server.IsOld, server.TellsNothing) = (isOld, tellsNothing);
        await using var backend = Backend([server]);
        await backend.RunAsync(Run(), Token);
        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
    }

    [Fact]
    public async Task RunAsync_WhenTheMessagesStop_ListensAgain()
    {
        await using var server = await FakeComfy.StartAsync();
        server.AtNode = (type, _) =>
        {
            if (type == "KSampler")
            {
                server.DropSockets();
            }

            return Task.CompletedTask;
        };
        await using var backend = Backend([server]);
        await backend.RunAsync(Run(), Token);
        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
    }

    [Fact]
    public async Task RunAsync_OfAWorkflowThatIsRefused_FailsAtOnceWithTheReason()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server]);
        server.Invalid["37"] = "unet_name: 'x' not in []";
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(), Token));
        Assert.Contains("node 37 (UNETLoader): Value not in list: unet_name", error.Message, StringComparison.Ordinal);
        server.Missing.Add("UNETLoader");
        error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(), Token));
        Assert.Contains("Node 'UNETLoader' not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_OfAClipThatIsTooLongOrEmpty_LeavesNothing()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server], options: Impatient with { MaximumClipBytes = 5 });
        Assert.Contains(
            "5 bytes",
            (await Assert.ThrowsAsync<InvalidDataException>(() => backend.RunAsync(Run(), Token))).Message,
            StringComparison.Ordinal
        );
        server.Clip = [];
        Assert.Contains(
            "empty",
            (
                await Assert.ThrowsAsync<InvalidDataException>(() => backend.RunAsync(Run(new JobRequest { Prompt = "another" }), Token))
            ).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(["1.snapshot"], _folder.Entries);
    }

    [Fact]
    public async Task RunAsync_OfAnotherFormat_SaysSoBeforeItSends()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server]);
        Assert.Equal(".mp4", backend.Format);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(output: "1.gif"), Token));
        Assert.Contains("writes .mp4", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Posts);
    }

    [Fact]
    public async Task DescribeAsync_TellsVersionAndDevices()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server]);
        var line = Assert.Single(await backend.DescribeAsync(Token));
        Assert.EndsWith("ComfyUI 0.3.60, cuda:0 Fake, 20.00 GB free", line, StringComparison.Ordinal);
        server.Pending.Add(new JsonArray(0, "somebody's", new JsonObject(), new JsonObject(), new JsonArray()));
        line = Assert.Single(await backend.DescribeAsync(Token));
        Assert.EndsWith("20.00 GB free; 1 job in its queue", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PrepareAsync_OfEqualRequests_GivesOneKey()
    {
        await using var backend = Backend([new Uri("http://127.0.0.1:1")]);
        var one = await backend.PrepareAsync(new JobRequest { Prompt = "p", Steps = 7 }, Token);
        Assert.Equal(one, await backend.PrepareAsync(new JobRequest { Prompt = "p", Steps = 7 }, Token));
        Assert.Equal(7, one.Steps);
        Assert.NotEqual(one.ResultKey, (await backend.PrepareAsync(new JobRequest { Prompt = "p", Steps = 8 }, Token)).ResultKey);
    }
}
