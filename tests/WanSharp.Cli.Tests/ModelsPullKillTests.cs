using System.Globalization;
using System.Security.Cryptography;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Cli.Tests;

/// <summary>A large file that is pulled from a hub on this machine by processes that are killed.</summary>
public sealed class ModelsPullKillTests : IAsyncLifetime
{
    private const string Name = "large.safetensors";
    private const int Page = 4096;

    // What a connection may have written and not noted: a piece that is noted, and a buffer.
    private const long InFlight = (1L << 20) + (1L << 17);
    private const int Connections = 8; // the most that there are

    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>WAN_PULL_BYTES and WAN_PULL_KILLS say how many bytes, and how often.</summary>
    [Fact]
    public async Task Pull_KilledAgainAndAgain_FetchesOnlyWhatWasInFlightTwice()
    {
        var (length, kills) = (Asked("WAN_PULL_BYTES", 40_000_000), Asked("WAN_PULL_KILLS", 3));
        var bytes = new byte[length];
        new Random(13).NextBytes(bytes);
        _hub.Files[Name] = bytes;
        var part = _folder[$"hub/models--org--model/blobs/{_hub.ETagOf(Name)}.wan.incomplete"];
        long there = 0,
            lost = 0;
        for (var kill = 1; kill <= kills; kill++)
        {
            _hub.Requests.Clear();
            _hub.Allowed = _hub.Written + (length / (kills + 1));
            using (var wan = ProcessRun.Start(ProcessRun.Wan, ["models", "pull", FakeHub.Repository, "--quiet"], Variables()))
            {
                while (_hub.Written < _hub.Allowed)
                {
                    Assert.False(wan.HasExited, "It ended before it could be killed.");
                    await Task.Delay(1, TestContext.Current.CancellationToken);
                }

                wan.Kill();
                await wan.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.InRange(BytesAskedFor(), 0, length - there); // nothing that is there
            var noted = NotedIn(part);
            there = noted.LongCount(isNoted => isNoted) * Page;
            lost += LostIn(part, bytes, noted);
            Assert.False(File.Exists(part[..^".wan.incomplete".Length]));
        }

        _hub.Allowed = long.MaxValue;
        var last = await ProcessRun.RunAsync(ProcessRun.Wan, ["models", "pull", FakeHub.Repository, "--quiet"], Variables());

        Assert.True(last.ExitCode == 0, last.Error);
        var pulled = Directory.GetFiles(_folder["hub"], Name, SearchOption.AllDirectories).Single();
        await using var file = File.OpenRead(pulled);
        Assert.Equal(_hub.ETagOf(Name), Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken)));
        Assert.InRange(lost, 0, kills * Connections * InFlight);
        TestContext.Current.TestOutputHelper?.WriteLine($"{lost} of {length} bytes were fetched twice after {kills} kills.");
    }

    private static int Asked(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : usual;

    private long BytesAskedFor() =>
        _hub
            .Requests.Where(request => !request.IsHub)
            .Select(request => request.Range["bytes=".Length..].Split('-'))
            .Sum(range => long.Parse(range[1], CultureInfo.InvariantCulture) - long.Parse(range[0], CultureInfo.InvariantCulture) + 1);

    /// <summary>Which pages of a file its journal knows whole.</summary>
    private static bool[] NotedIn(string part)
    {
        var pages = new bool[new FileInfo(part).Length / Page];
        foreach (var line in File.ReadAllText(part + ".journal").Split('\n')[..^1])
        {
            var (from, to) = (
                long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture),
                long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)
            );
            for (var page = (from + Page - 1) / Page; page < to / Page; page++)
            {
                pages[page] = true;
            }
        }

        return pages;
    }

    /// <summary>Bytes that came and were not noted: those pages of the file that are right.</summary>
    private static long LostIn(string part, byte[] bytes, bool[] noted)
    {
        using var file = File.OpenRead(part);
        var page = new byte[Page];
        var lost = 0L;
        for (var i = 0; i < noted.Length; i++)
        {
            file.ReadExactly(page);
            lost += !noted[i] && page.AsSpan().SequenceEqual(bytes.AsSpan(i * Page, Page)) ? Page : 0;
        }

        return lost;
    }

    private Dictionary<string, string?> Variables() =>
        new()
        {
            ["HOME"] = _folder["home"],
            ["XDG_CONFIG_HOME"] = _folder["config"],
            ["WAN_CACHE"] = _folder["cache"],
            ["HF_HUB_CACHE"] = _folder["hub"],
            ["HF_ENDPOINT"] = _hub.Address,
        };
}
