using Microsoft.Playwright;

namespace WanSharp.Server.Tests.Page;

/// <summary>One server for all tests of a class, and the browser of all.</summary>
public sealed class PageFixture(Chromium chromium) : IAsyncLifetime
{
    private IBrowser? _browser;
    private string? _missing;

    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (_browser, _missing) = await chromium.OpenAsync();
        Server = await TestServer.StartAsync(options => options with { Format = ".mp4" });
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Opens the page as somebody new does.</summary>
    /// <param name="hash">The view, such as <c>#/queue</c>.</param>
    /// <param name="change">What is different about this visitor's browser.</param>
    internal async Task<Visit> VisitAsync(string hash = "", Action<BrowserNewContextOptions>? change = null) =>
        await VisitAsync(Server, hash, change);

    /// <summary>Opens the page of another server.</summary>
    internal async Task<Visit> VisitAsync(TestServer server, string hash, Action<BrowserNewContextOptions>? change)
    {
        Assert.SkipWhen(_missing is not null, _missing ?? "");
        var options = new BrowserNewContextOptions
        {
            BaseURL = server.Client.BaseAddress!.ToString(),
            Locale = "en-GB",
            ViewportSize = new ViewportSize { Width = 1280, Height = 860 },
        };
        change?.Invoke(options);
        return await Visit.BeginAsync(await _browser!.NewContextAsync(options), hash);
    }
}
