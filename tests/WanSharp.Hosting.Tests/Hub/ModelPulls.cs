using WanSharp.Hosting.Downloads;
using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>Pulls from a hub on this machine.</summary>
public abstract class ModelPulls : IAsyncLifetime
{
    private protected const string Large = "vae/model.safetensors";
    private protected const string Small = "config.json";

    private protected readonly TemporaryFolder _folder = new();
    private protected FakeHub _hub = null!;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected string Cache => _folder["hub"];

    private protected string Repository => Path.Combine(Cache, "models--org--model");

    private protected string Snapshot => Path.Combine(Repository, "snapshots", _hub.Commit);

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Files[Large] = Bytes(300_000);
        _hub.Files[Small] = Bytes(100);
        _hub.Files["empty.txt"] = [];
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private protected static PullRequest Request(string name = FakeHub.Repository, params string[] patterns) =>
        new(name, HubReference.Parse(name)!, patterns);

    private protected HubOptions Options(string? token = null, bool isOffline = false, bool mayLink = true) =>
        new()
        {
            CacheFolder = Cache,
            Endpoint = _hub.Address,
            Token = token,
            IsOffline = isOffline,
            MayLink = mayLink,
        };

    private protected ModelPull Pull(HubOptions? options = null, TimeProvider? clock = null) =>
        new(options ?? Options(), clock ?? new SkippingClock())
        {
            Download = new DownloadOptions
            {
                Connections = 4,
                SegmentLength = 64 << 10,
                NoteEvery = 16 << 10,
            },
        };

    private protected Task<PulledModel> PullAsync(
        string name = FakeHub.Repository,
        string[]? patterns = null,
        string? token = null,
        bool mayLink = true,
        TimeProvider? clock = null
    ) => Pull(Options(token, mayLink: mayLink), clock).PullAsync(Request(name, patterns ?? []), null, Token);

    private protected void AssertWhole(string? only = null, string? except = null)
    {
        foreach (var (path, bytes) in _hub.Files.Where(file => (only is null || file.Key == only) && file.Key != except))
        {
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(Snapshot, path)));
        }
    }

    private protected sealed class Hear(Action<PullProgress> hear) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => hear(value);
    }
}
