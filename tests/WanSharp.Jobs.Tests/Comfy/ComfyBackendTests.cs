using System.Text.Json.Nodes;
using WanSharp.Engine;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

public sealed class ComfyBackendTests : IDisposable
{
    private static readonly ComfyBackendOptions Impatient = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(30),
        LostAfter = TimeSpan.FromMilliseconds(200),
        SilentAfter = TimeSpan.FromMilliseconds(300),
        RequestTimeout = TimeSpan.FromSeconds(10),
        ServerWait = TimeSpan.Zero,
        FirstWait = TimeSpan.Zero,
    };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

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
    public async Task RunAsync_GivesAJobToTheServerWithTheFewest()
    {
        await using var busy = await FakeComfy.StartAsync();
        await using var free = await FakeComfy.StartAsync();
        busy.Pending.Add(new JsonArray(0, "somebody's", new JsonObject(), new JsonObject(), new JsonArray()));
        await using var backend = Backend([busy, free]);
        await backend.RunAsync(Run(), Token);
        Assert.Empty(busy.Posts);
        Assert.Single(free.Posts);
    }

    [Fact]
    public async Task RunAsync_WithAServerThatIsNotThere_TakesTheOther()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([await GoneAsync(), server.Address]);
        await backend.RunAsync(Run(), Token);
        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
    }

    [Fact]
    public async Task RunAsync_WithoutAServer_SaysWhereItLooked()
    {
        var gone = await GoneAsync();
        await using var backend = Backend([gone]);
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(), Token));
        Assert.Contains(gone.Authority, error.Message, StringComparison.Ordinal);
        Assert.Contains(gone.Authority, Assert.Single(await backend.DescribeAsync(Token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WhenAServerDiesOverAJob_TakesTheOther()
    {
        var first = await FakeComfy.StartAsync();
        await using var second = await FakeComfy.StartAsync();
        first.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                _ = first.DisposeAsync().AsTask();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        // so that the first is chosen
        second.Pending.Add(new JsonArray(0, "somebody's", new JsonObject(), new JsonObject(), new JsonArray()));
        await using var backend = Backend([first, second]);
        var running = backend.RunAsync(Run(), Token);
        await WaitUntil(() => !first.Posts.IsEmpty);
        second.Pending.Clear();
        await running;
        Assert.Single(second.Posts);
        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_OfAJobThatGivesNoSign_StopsItAndBlamesTheServerOnlyIfThatDoesNotHelp(bool isServer)
    {
        await using var server = await FakeComfy.StartAsync();
        server.IgnoresInterrupts = isServer;
        server.AtNode = (type, token) => type == "KSampler" ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
        await using var backend = Backend([server]);
        var error = await Assert.ThrowsAnyAsync<IOException>(() => backend.RunAsync(Run(), Token));
        Assert.Contains("hang", error.Message, StringComparison.Ordinal);
        Assert.Equal(isServer, error is BackendUnavailableException);
    }

    [Fact]
    public async Task RunAsync_WhenAServerStartsAnew_SendsTheJobAgain()
    {
        await using var server = await FakeComfy.StartAsync();
        var restarts = 0;
        server.AtNode = (type, token) =>
        {
            if (type == "KSampler" && restarts++ == 0)
            {
                server.TellsNothing = true;
                server.Forget();
                return Task.Delay(Timeout.Infinite, token);
            }

            server.TellsNothing = false;
            return Task.CompletedTask;
        };
        await using var backend = Backend([server]);
        await backend.RunAsync(Run(), Token);
        Assert.Equal(2, server.Posts.Count);
    }

    [Fact]
    public async Task RunAsync_WhenANodeFails_AsksAnotherServerThenNamesTheNode()
    {
        await using var first = await FakeComfy.StartAsync();
        await using var second = await FakeComfy.StartAsync();
        first.AtNode = second.AtNode = (type, _) =>
            type == "VAEDecode" ? throw new FakeComfy.NodeException("RuntimeError", "shapes do not match") : Task.CompletedTask;
        await using var backend = Backend([first, second]);
        var error = await Assert.ThrowsAnyAsync<IOException>(() => backend.RunAsync(Run(), Token));
        Assert.Contains("node 8 (VAEDecode)", error.Message, StringComparison.Ordinal);
        Assert.Contains("shapes do not match", error.Message, StringComparison.Ordinal);
        Assert.Single(first.Posts);
        Assert.Single(second.Posts);
        Assert.Empty(_folder.Entries);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RunAsync_OutOfMemory_FreesItAndTriesOnceMore(int failures)
    {
        await using var server = await FakeComfy.StartAsync();
        var left = failures;
        server.AtNode = (type, _) =>
            type == "KSampler" && left-- > 0
                ? throw new FakeComfy.NodeException("torch.OutOfMemoryError", "Allocation on device")
                : Task.CompletedTask;
        await using var backend = Backend([server]);
        var running = backend.RunAsync(Run(), Token);
        if (failures == 1)
        {
            await running;
        }
        else
        {
            Assert.Contains(
                "Allocation on device",
                (await Assert.ThrowsAnyAsync<IOException>(() => running)).Message,
                StringComparison.Ordinal
            );
        }

        Assert.Equal(["/prompt", "/free", "/prompt"], server.Posts.Select(post => post.Split(' ')[0]));
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
    public async Task RunAsync_Cancelled_StopsTheJobAtItsServer()
    {
        await using var server = await FakeComfy.StartAsync();
        var reached = new TaskCompletionSource();
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                reached.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        await using var backend = Backend([server]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = backend.RunAsync(Run(), stop.Token);
        await reached.Task.WaitAsync(Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Contains(server.Posts, post => post.Contains("/cancel", StringComparison.Ordinal));
        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public async Task RunAsync_OfAJobThatSomebodyStopped_SaysSo()
    {
        await using var server = await FakeComfy.StartAsync();
        server.AtNode = (type, _) => type == "KSampler" ? throw new OperationCanceledException() : Task.CompletedTask;
        await using var backend = Backend([server]);
        Assert.Contains(
            "stopped",
            (await Assert.ThrowsAnyAsync<IOException>(() => backend.RunAsync(Run(), Token))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_AfterACrash_FindsTheJobThatWasSent(bool isDone)
    {
        await using var server = await FakeComfy.StartAsync();
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                reached.SetResult();
                await goOn.Task.WaitAsync(token);
            }
        };
        using (var crash = new CancellationTokenSource())
        {
            await using var backend = Backend([server]);
            var first = backend.RunAsync(Run(), crash.Token);
            await reached.Task.WaitAsync(Token);
            File.Copy(_folder["1.snapshot"], _folder["kept"]); // what a process leaves that is killed
            if (isDone)
            {
                goOn.SetResult();
                await first;
                File.Delete(_folder["1.mp4"]);
            }
            else
            {
                _ = first; // runs on, as if nobody waited
            }

            File.Move(_folder["kept"], _folder["1.snapshot"], overwrite: true);
            await using var resumed = Backend([server]);
            var second = resumed.RunAsync(Run(output: "resumed.mp4"), Token);
            if (!isDone)
            {
                goOn.SetResult();
                await first;
            }

            await second;
        }

        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["resumed.mp4"]));
        Assert.Single(server.Posts); // sent once
    }

    [Theory]
    [InlineData("other work")]
    [InlineData("damage")]
    public async Task RunAsync_WithATicketThatIsNotItsOwn_SendsTheJob(string ticket)
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend([server]);
        File.WriteAllText(
            _folder["1.snapshot"],
            ticket == "damage"
                ? "{"
                : """{"server":"http://x","prompt_id":"00000000-0000-0000-0000-000000000000","""
                    + """ "client_id":"00000000000000000000000000000000","key":"ab"}"""
        );
        await backend.RunAsync(Run(), Token);
        Assert.Single(server.Posts);
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
        Assert.EndsWith("ComfyUI 0.3.60, cuda:0 Fake, 20.0 GB free", line, StringComparison.Ordinal);
        server.Pending.Add(new JsonArray(0, "somebody's", new JsonObject(), new JsonObject(), new JsonArray()));
        line = Assert.Single(await backend.DescribeAsync(Token));
        Assert.EndsWith("20.0 GB free; 1 job in its queue", line, StringComparison.Ordinal);
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

    private static ComfyBackend Backend(
        FakeComfy[] servers,
        string workflow = Workflows.TextToVideo,
        ComfyBackendOptions? options = null
    ) => Backend([.. servers.Select(server => server.Address)], workflow, options);

    private static ComfyBackend Backend(Uri[] servers, string workflow = Workflows.TextToVideo, ComfyBackendOptions? options = null)
    {
        var parsed = Workflows.Parse(workflow);
        return new ComfyBackend(
            [.. servers.Select(server => ComfyAddress.Parse(server.ToString()))],
            parsed,
            ComfyMapping.Guess(parsed),
            options ?? Impatient
        );
    }

    private JobRun Run(JobRequest? request = null, IProgress<GenerationProgress>? progress = null, string output = "1.mp4") =>
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

    /// <summary>An address where nobody listens.</summary>
    private static async Task<Uri> GoneAsync()
    {
        await using var server = await FakeComfy.StartAsync();
        return server.Address;
    }

    private static async Task WaitUntil(Func<bool> isTrue)
    {
        while (!isTrue())
        {
            await Task.Delay(5, Token);
        }
    }

    private sealed class Progress : IProgress<GenerationProgress>
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
