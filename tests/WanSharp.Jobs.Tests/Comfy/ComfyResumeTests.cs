using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Jobs that are given up, stopped by somebody, or found again after a crash.</summary>
public sealed class ComfyResumeTests : ComfyTests
{
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
}
