using Microsoft.Playwright;

namespace WanSharp.Server.Tests.Page;

/// <summary>One server and one browser for all tests of the page.</summary>
public sealed class PageFixture : IAsyncLifetime
{
    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _missing;

    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Browsers.FirstOrDefault(File.Exists) is not { } path)
        {
            _missing = $"There is no Chromium: none of {string.Join(", ", Browsers)} is there.";
            return;
        }

        try
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path });
        }
        catch (PlaywrightException exception)
        {
            _missing = $"Chromium cannot be driven here: {exception.Message.Split('\n')[0]}";
            return;
        }

        Server = await TestServer.StartAsync(options => options with { Format = ".mp4" });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }

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
