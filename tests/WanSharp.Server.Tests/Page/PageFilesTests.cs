using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Storage;

namespace WanSharp.Server.Tests.Page;

/// <summary>The page's files as they are served, without a browser.</summary>
public sealed partial class PageFilesTests : IAsyncLifetime
{
    private const string Root = "/page/";

    private TestServer _server = null!;

    public static TheoryData<string, string> Types =>
        new()
        {
            { "/", "text/html" },
            { "/page/app.js", "text/javascript" },
            { "/page/views/generate.js", "text/javascript" },
            { "/page/styles.css", "text/css" },
            { "/page/i18n/zh.json", "application/json" },
            { "/page/icon.svg", "image/svg+xml" },
        };

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Types))]
    public async Task AFile_IsServedWithItsTypeAndATag(string path, string type)
    {
        using var answer = await _server.Client.GetAsync(new Uri(path, UriKind.Relative), TestServer.Token);

        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await _server.Client.SendAsync(again, TestServer.Token);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task ThePage_AllowsItsOwnFilesAlone()
    {
        using var answer = await _server.Client.GetAsync(new Uri("/", UriKind.Relative), TestServer.Token);

        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/page/")]
    [InlineData("/page/none.js")]
    [InlineData("/page/../WanServer.cs")]
    [InlineData("/page/%2e%2e/index.html")]
    public async Task AFile_ThatIsNotThere_IsNotFound(string path)
    {
        var (status, _) = await _server.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task ThePage_IsOpenWhereTheApiAsksForAKey()
    {
        _ = new Security.KeyFile(_server.Data, TimeProvider.System).Add("one", Security.KeyScope.Read, null);

        using var page = await _server.Client.GetAsync(new Uri("/", UriKind.Relative), TestServer.Token);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync("/v1/settings")).Status);
    }

    [Fact]
    public async Task TheFiles_AreAllThereAndNothingOfOthers()
    {
        var (seen, waiting) = (new HashSet<string>(), new Queue<string>(["/"]));
        while (waiting.TryDequeue(out var path))
        {
            if (!seen.Add(path))
            {
                continue;
            }

            using var answer = await _server.Client.GetAsync(new Uri(path, UriKind.Relative), TestServer.Token);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
            var text = await answer.Content.ReadAsStringAsync(TestServer.Token);
            Assert.DoesNotMatch(@"https?://(?!www\.w3\.org/)", text);
            foreach (Match named in Named().Matches(text))
            {
                waiting.Enqueue(new Uri(new Uri($"http://a{path}"), named.Groups["path"].Value).AbsolutePath);
            }
        }

        Assert.Contains(Root + "views/gallery.js", seen);
    }

    [Fact]
    public async Task Texts_AreThereInEachLanguage()
    {
        var (english, chinese) = (await TextsAsync("en"), await TextsAsync("zh"));
        Assert.Empty(CacheSections.All.Select(section => $"section.{section}").Except(english.Keys));
        var used = new HashSet<string>();
        foreach (
            var name in typeof(WanServer).Assembly.GetManifestResourceNames().Where(one => one.EndsWith(".js", StringComparison.Ordinal))
        )
        {
            using var reader = new StreamReader(typeof(WanServer).Assembly.GetManifestResourceStream(name)!);
            used.UnionWith(Keys().Matches(await reader.ReadToEndAsync(TestServer.Token)).Select(key => key.Groups["key"].Value));
        }

        Assert.Empty(used.Except(english.Keys));
        Assert.Empty(english.Keys.Except(chinese.Keys));
        foreach (var (key, text) in english)
        {
            Assert.Equal(Places(text), Places(chinese[key]));
        }

        static IEnumerable<string> Places(string text) => Placeholders().Matches(text).Select(one => one.Value).Distinct().Order();
    }

    /// <summary>Of two functions of one name JavaScript takes the later one, and says nothing.</summary>
    [Fact]
    public void TheScripts_DeclareEachNameOnceInItsScope()
    {
        foreach (var (name, lines) in Scripts())
        {
            var scopes = new Stack<(int Indent, HashSet<string> Names)>([(0, [])]);
            foreach (var line in lines.Where(line => line.Trim().Length > 0))
            {
                var indent = line.Length - line.TrimStart().Length;
                while (scopes.Peek().Indent > indent)
                {
                    scopes.Pop();
                }

                if (scopes.Peek().Indent < indent)
                {
                    scopes.Push((indent, []));
                }

                foreach (var declared in Declared().Match(line).Groups["name"].Captures.Select(capture => capture.Value))
                {
                    Assert.True(scopes.Peek().Names.Add(declared), $"{name}: {declared} is declared twice: {line.Trim()}");
                }
            }
        }
    }

    private static IEnumerable<(string Name, string[] Lines)> Scripts()
    {
        var assembly = typeof(WanServer).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(one => one.EndsWith(".js", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return (name, reader.ReadToEnd().Split('\n'));
        }
    }

    private async Task<Dictionary<string, string>> TextsAsync(string language)
    {
        var (_, texts) = await _server.GetAsync($"{Root}i18n/{language}.json");
        return texts
            .EnumerateObject()
            .ToDictionary(
                text => text.Name,
                text =>
                    text.Value.ValueKind == JsonValueKind.Object ? text.Value.GetProperty("other").GetString()! : text.Value.GetString()!
            );
    }

    [GeneratedRegex("""(?:from |import |src=|href=|fetch\()["'](?<path>(?:/page/|\.{1,2}/)[\w./-]+)["']""")]
    private static partial Regex Named();

    [GeneratedRegex(@"^\s*(?:export )?(?:async )?(?:function\*? (?<name>\w+)\(|(?:const|let) (?<name>\w+) )")]
    private static partial Regex Declared();

    [GeneratedRegex("""\bt\(\s*"(?<key>[^"]+)"[,)]""")]
    private static partial Regex Keys();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Placeholders();
}
