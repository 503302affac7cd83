using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace WanSharp.Server.Tests.Page;

/// <summary>Somebody who looks at the page. At the end of the visit the console must be clean.</summary>
internal sealed class Visit : IAsyncDisposable
{
    /// <summary>Milliseconds: only what never comes takes so long, also where the machine has much else to do.</summary>
    public const float Patience = 300_000;

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private Visit(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        context.SetDefaultTimeout(Patience);
        SetDefaultExpectTimeout(Patience);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !IsExpected(message.Text))
            {
                _complaints.Add($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    public IPage Page { get; }

    /// <summary>Parts of messages that a test brings about: the browser notes each answer of 4xx.</summary>
    public List<string> Expected { get; } = [];

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = name });

    public static async Task<Visit> BeginAsync(IBrowserContext context, string hash)
    {
        var visit = new Visit(context, await context.NewPageAsync());
        await visit.Page.GotoAsync("/" + hash);
        await Expect(visit.Page.Locator("nav a").First).ToBeVisibleAsync();
        return visit;
    }

    /// <summary>No serious or critical finding of axe.</summary>
    public async Task RequireAccessibleAsync()
    {
        var found = await Page.RunAxe(
            new AxeRunOptions
            {
                RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] },
            }
        );
        var findings = found
            .Violations.Where(one => one.Impact is "serious" or "critical")
            .SelectMany(one => one.Nodes.Select(node => $"{one.Id}: {one.Help}: {node.Html}"));
        Assert.Empty(findings);
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_complaints);
    }

    private bool IsExpected(string text) => Expected.Any(part => text.Contains(part, StringComparison.Ordinal));
}
