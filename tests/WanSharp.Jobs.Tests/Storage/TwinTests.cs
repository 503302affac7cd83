using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>A finished job's clip is an equal job's, too, if it is what both asked for.</summary>
public sealed class TwinTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FindTwin_OfAClip_IsIfTheClipIsOfItsKey(bool isOfItsKey)
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.mp4", key: "k"), TestJobs.New("2.mp4", key: "k")]);
        Assert.Equal("1.mp4", store.Queue.Claim("worker", alone: false)!.Output);
        store.Queue.Seal(1, "digest", 5, new JobOutcome { IsOfItsKey = isOfItsKey });
        store.Queue.Succeed(1);
        Assert.Equal("2.mp4", store.Queue.Claim("worker", alone: false)!.Output);

        Assert.Equal(isOfItsKey ? "1.mp4" : null, store.Queue.FindTwin(store.Find(2)!)?.Output);
    }
}
