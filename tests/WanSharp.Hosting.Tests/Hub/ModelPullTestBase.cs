using WanSharp.Hosting.Downloads;
using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>A hub on this machine, with a large, a small and an empty file, and a cache for what is pulled.</summary>
public abstract class ModelPullTestBase : IAsyncLifetime
{
    protected const string Large = "vae/model.safetensors";
    protected const string Small = "config.json";

    protected TemporaryFolder Folder { get; } = new();
    protected FakeHub Server { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected string Cache => Folder["hub"];

    protected string Repository => Path.Combine(Cache, "models--org--model");

    protected string Snapshot => Path.Combine(Repository, "snapshots", Server.Commit);

    public async ValueTask InitializeAsync()
    {
        Server = await FakeHub.StartAsync();
        Server.Files[Large] = Bytes(300_000);
        Server.Files[Small] = Bytes(100);
        Server.Files["empty.txt"] = [];
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    protected static PullRequest Request(string name = FakeHub.Repository, params string[] patterns) =>
        new(name, HubReference.Parse(name)!, patterns);

    protected HubOptions Options(string? token = null, bool isOffline = false, bool mayLink = true) =>
        new()
        {
            CacheFolder = Cache,
            Endpoint = Server.Address,
            Token = token,
            IsOffline = isOffline,
            MayLink = mayLink,
        };

    protected ModelPull Pull(HubOptions? options = null, TimeProvider? clock = null) =>
        new(options ?? Options(), clock ?? new SkippingClock())
        {
            Download = new DownloadOptions
            {
                Connections = 4,
                SegmentLength = 64 << 10,
                NoteEvery = 16 << 10,
            },
        };

    protected Task<PulledModel> PullAsync(
        string name = FakeHub.Repository,
        string[]? patterns = null,
        string? token = null,
        bool mayLink = true,
        TimeProvider? clock = null
    ) => Pull(Options(token, mayLink: mayLink), clock).PullAsync(Request(name, patterns ?? []), null, Token);

    protected void AssertWhole(string? only = null, string? except = null)
    {
        foreach (var (path, bytes) in Server.Files.Where(file => (only is null || file.Key == only) && file.Key != except))
        {
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(Snapshot, path)));
        }
    }

    protected sealed class Hear(Action<PullProgress> hear) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => hear(value);
    }
}
