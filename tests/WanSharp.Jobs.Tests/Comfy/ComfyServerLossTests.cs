using System.Text.Json.Nodes;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Servers that are busy, gone, hang, start anew or fail at a node.</summary>
public sealed class ComfyServerLossTests : ComfyTests
{
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
        using var gone = new UnusedPort();
        await using var backend = Backend([gone.Address, server.Address]);
        await backend.RunAsync(Run(), Token);
        Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(_folder["1.mp4"]));
    }

    [Fact]
    public async Task RunAsync_WithoutAServer_SaysWhereItLooked()
    {
        using var unused = new UnusedPort();
        var gone = unused.Address;
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
                second.Pending.Clear(); // the choice is made
                _ = first.DisposeAsync().AsTask();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        // so that the first is chosen
        second.Pending.Add(new JsonArray(0, "somebody's", new JsonObject(), new JsonObject(), new JsonArray()));
        await using var backend = Backend([first, second]);
        await backend.RunAsync(Run(), Token);
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
        var options = Impatient with
        {
            SilentAfter = TimeSpan.FromMilliseconds(300),
            StopWithin = isServer ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromMinutes(5),
        };
        await using var backend = Backend([server], options: options);
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
}
