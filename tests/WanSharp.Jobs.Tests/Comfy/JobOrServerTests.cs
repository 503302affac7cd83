using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.ComfyRun;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>What a server says of one job belongs to that job; the server's trouble is the server's, and is waited for.</summary>
public sealed class JobOrServerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>A server takes a prompt whose clip is not valid, for the sake of its other outputs.</summary>
    [Fact]
    public async Task AnOutputThatIsLeftOut_FailsTheJobAndIsNotComputed()
    {
        await using var server = await FakeComfy.StartAsync();
        var sampled = 0;
        server.AtNode = async (type, token) =>
        {
            sampled += type == "KSampler" ? 1 : 0;
            await Task.Delay(Timeout.Infinite, token); // the first node runs until the job is cancelled
        };
        server.Invalid["50"] = "codec: 'av1' not in ['auto', 'h264']";
        await using var backend = Backend(server, Workflows.Edit(Workflows.TextToVideo, Preview));
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("node 50 (SaveVideo): Value not in list: codec: 'av1'", error.Message, StringComparison.Ordinal);
        Assert.Contains(server.Posts, post => post.Contains("/cancel", StringComparison.Ordinal));
        await UntilIdleAsync(server);
        Assert.Equal(0, sampled);
    }

    [Fact]
    public async Task AnotherOutputThatIsLeftOut_DoesNotConcernTheClip()
    {
        await using var server = await FakeComfy.StartAsync();
        server.Invalid["60"] = "x";
        await using var backend = Backend(server, Workflows.Edit(Workflows.TextToVideo, Preview));
        await backend.RunAsync(Run(_folder), Token);
        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AFileThatWasMovedAway_IsSavedAnewOrFailsTheJobAlone(bool isLost)
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend(server);
        await backend.RunAsync(Run(_folder), Token);
        File.Delete(_folder["1.mp4"]);
        File.Delete(_folder["1.snapshot"]);
        server.Files.Clear();
        server.Before = request =>
            isLost && request.Path == "/view" && request.QueryString.Value!.Contains("ComfyUI", StringComparison.Ordinal) ? 404 : null;
        if (isLost)
        {
            var error = await Assert.ThrowsAnyAsync<IOException>(() => backend.RunAsync(Run(_folder), Token));
            Assert.IsNotType<BackendUnavailableException>(error);
            Assert.Contains("404", error.Message, StringComparison.Ordinal);
            Assert.Contains("moved or deleted", error.Message, StringComparison.Ordinal);
            server.Before = null;
            await backend.RunAsync(Run(_folder, new JobRequest { Prompt = "another" }), Token); // the server is as good as before
        }
        else
        {
            await backend.RunAsync(Run(_folder), Token);
            Assert.Equal(3, server.Sent.Count());
        }

        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    [Fact]
    public async Task AFileThatACacheDoesNotName_IsSavedAnew()
    {
        await using var server = await FakeComfy.StartAsync();
        server.HidesCached = true;
        await using var backend = Backend(server);
        await backend.RunAsync(Run(_folder), Token);
        File.Delete(_folder["1.mp4"]);
        File.Delete(_folder["1.snapshot"]);
        await backend.RunAsync(Run(_folder), Token);
        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    /// <summary>A failure of the server's own handler, over this job alone.</summary>
    [Theory]
    [InlineData("/prompt", 500)]
    [InlineData("/prompt", 413)]
    [InlineData("/view", 400)]
    [InlineData("/view", 403)]
    [InlineData("/view", 500)]
    public async Task AFailureOverOneJob_LeavesTheServerToTheOthers(string route, int status)
    {
        await using var server = await FakeComfy.StartAsync();
        server.Before = request => request.Path == route && request.Method == (route == "/prompt" ? "POST" : "GET") ? status : null;
        await using var backend = Backend(server);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => backend.RunAsync(Run(_folder), Token));
        Assert.IsNotType<BackendUnavailableException>(error);
        Assert.Contains($"{status} (", error.Message, StringComparison.Ordinal);
        server.Before = null;
        await backend.RunAsync(Run(_folder), Token);
    }

    [Fact]
    public async Task AnImageThatIsTooLarge_FailsItsJob()
    {
        await using var server = await FakeComfy.StartAsync();
        server.MaximumUpload = 2;
        await using var backend = Backend(server, Workflows.TwoExperts);
        File.WriteAllText(_folder["first.png"], "pixels");
        var request = new JobRequest
        {
            Prompt = "p",
            Images = new Dictionary<int, string> { [0] = _folder["first.png"] },
        };
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder, request), Token));
        Assert.Contains("larger than it accepts", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(524)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task AServerInTrouble_IsWaitedForAndItsJobFoundAgain(int status)
    {
        await using var server = await FakeComfy.StartAsync();
        var (answers, reached) = (0, false);
        server.AtNode = (type, _) =>
        {
            reached |= type == "VAEDecode";
            return Task.CompletedTask;
        };
        server.Before = request => reached && request.Path != "/ws" && answers++ < 30 ? status : null; // longer than LostAfter
        var notices = new List<string>();
        await using var backend = Backend(server, options: Impatient with { ServerWait = TimeSpan.FromMinutes(1), Notice = notices.Add });
        await backend.RunAsync(Run(_folder), Token);
        Assert.Single(server.Sent);
        Assert.True(File.Exists(_folder["1.mp4"]));
        Assert.Contains(notices, notice => notice.Contains("Waiting for it, up to 1 min", StringComparison.Ordinal));
        Assert.Contains(notices, notice => notice.Contains("continues", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AServerThatIsRestarted_GetsTheJobAgain()
    {
        await using var server = await FakeComfy.StartAsync();
        var reached = new TaskCompletionSource();
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler" && reached.TrySetResult())
            {
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        var waits = new TaskCompletionSource();
        await using var backend = Backend(
            server,
            options: Impatient with
            {
                ServerWait = TimeSpan.FromHours(1),
                Notice = _ => waits.TrySetResult(),
            }
        );
        var running = backend.RunAsync(Run(_folder), Token);
        await reached.Task.WaitAsync(Token);
        server.IsGone = true;
        server.Forget();
        await waits.Task.WaitAsync(Token);
        server.IsGone = false;
        await running;
        Assert.Equal(2, server.Sent.Count());
        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    [Fact]
    public async Task AServerThatWasNeverThere_IsWaitedForAShortTimeOnly()
    {
        using var gone = new UnusedPort();
        await using var backend = Backend(
            [ComfyAddress.Parse(gone.Address.ToString())],
            options: Impatient with
            {
                ServerWait = TimeSpan.FromHours(9),
                FirstWait = TimeSpan.FromMilliseconds(100),
            }
        );
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("Connection refused", error.Message, StringComparison.Ordinal);
        Assert.Contains("--server-wait", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Questions that never get an answer while others do must not be asked for ever.</summary>
    [Fact]
    public async Task AServerThatNeverTakesAJob_IsGivenUpAfterTheWait()
    {
        await using var server = await FakeComfy.StartAsync();
        server.Before = request => request.Path == "/prompt" && request.Method == "POST" ? 503 : null;
        await using var backend = Backend(server, options: Impatient with { ServerWait = TimeSpan.FromMilliseconds(200) });
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("503 (ServiceUnavailable) to POST /prompt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AJobThatEndsItsServerEachTime_FailsAloneAfterThree()
    {
        await using var server = await FakeComfy.StartAsync();
        var asked = 0;
        server.Before = request =>
        {
            asked += request.Path == "/queue" ? 1 : 0;
            return null;
        };
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                var before = asked;
                await Until(() => asked >= before + 2); // it was seen at work, and the answer taken in
                server.Forget();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        await using var backend = Backend(server);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("ended each time while it ran this job", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, server.Sent.Count());
    }

    [Fact]
    public async Task AHistoryThatIsCleared_DoesNotLoseTheClip()
    {
        await using var server = await FakeComfy.StartAsync();
        server.MaximumHistory = 0;
        await using var backend = Backend(server);
        await backend.RunAsync(Run(_folder), Token);
        Assert.Single(server.Sent);
        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    [Fact]
    public async Task ANodeThatIsHeldBack_FailsTheJobOnlyIfItIsTheClips()
    {
        await using var server = await FakeComfy.StartAsync();
        server.Block = ("60", "no face found");
        await using var backend = Backend(server, Workflows.Edit(Workflows.TextToVideo, Preview));
        await backend.RunAsync(Run(_folder), Token);
        File.Delete(_folder["1.mp4"]);
        server.Block = ("49", "no face found");
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            backend.RunAsync(Run(_folder, new JobRequest { Prompt = "another" }), Token)
        );
        Assert.Contains("node 49 (CreateVideo)", error.Message, StringComparison.Ordinal);
        Assert.Contains("no face found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServersFullDisk_IsNotTakenForOurs()
    {
        await using var server = await FakeComfy.StartAsync();
        server.AtNode = (type, _) =>
            type == "SaveVideo" ? throw new FakeComfy.NodeException("OSError", "[Errno 28] No space left on device") : Task.CompletedTask;
        await using var backend = Backend(server);
        var error = await Assert.ThrowsAnyAsync<FailedElsewhereException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancelled_StopsOnlyItsOwnJob(bool isOld)
    {
        await using var server = await FakeComfy.StartAsync();
        server.IsOld = isOld;
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                reached.TrySetResult();
                await goOn.Task.WaitAsync(token);
            }
        };
        await using var backend = Backend(server);
        var first = backend.RunAsync(Run(_folder, output: "a.mp4"), Token); // as somebody else's
        await reached.Task.WaitAsync(Token);
        using var other = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var second = backend.RunAsync(Run(other, new JobRequest { Prompt = "another" }), stop.Token);
        await Until(() => server.Pending.Count == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Empty(server.Pending);
        goOn.SetResult();
        await first;
        Assert.True(File.Exists(_folder["a.mp4"]));
        Assert.Empty(other.Entries);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(404)]
    [InlineData(403)]
    public async Task WhatIsNotComfy_IsNotWaitedFor(int status)
    {
        await using var server = await FakeComfy.StartAsync();
        server.Before = _ => status;
        await using var backend = Backend(
            server,
            options: Impatient with
            {
                ServerWait = TimeSpan.FromHours(9),
                FirstWait = TimeSpan.FromHours(9),
            }
        );
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains($"{status} (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpsToAServerOfHttp_SaysSo()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend(
            [ComfyAddress.Parse($"https://127.0.0.1:{server.Address.Port}")],
            options: Impatient with
            {
                FirstWait = TimeSpan.FromHours(9),
            }
        );
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.DoesNotContain("inner exception", error.Message, StringComparison.Ordinal);
        Assert.Contains($"write http://127.0.0.1:{server.Address.Port}", error.Message, StringComparison.Ordinal);
    }

    private const string Preview = """{"60": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}}""";

    private static Task UntilIdleAsync(FakeComfy server) => Until(() => server.Running is null && server.Pending.Count == 0);

    private static async Task Until(Func<bool> isTrue)
    {
        while (!isTrue())
        {
            await Task.Delay(5, Token);
        }
    }
}
