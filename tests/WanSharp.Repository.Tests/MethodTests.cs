using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WanSharp.Repository.Tests;

/// <summary>A method is read in one go.</summary>
public class MethodTests
{
    private const int MostLines = 60;

    /// <summary>Tables and texts that have the form of a method: what is in them is looked up, not followed.</summary>
    private static readonly HashSet<string> Tables = new(StringComparer.Ordinal)
    {
        "WanSharp.Server/Mcp/McpTools.cs: All",
        "WanSharp.Tensors/Torch/TorchPickle.cs: Step",
        "WanSharp.Tools/Export/ExportReadme.cs: Example",
    };

    [Fact]
    public void AMethod_HasAtMostAsManyLinesAsAreReadInOneGo()
    {
        var source = Path.Combine(Checkout.Root, "src");
        var tooLong = (
            from path in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            let name = Path.GetRelativePath(source, path).Replace('\\', '/')
            where !name.Split('/').Any(part => part is "bin" or "obj")
            let text = File.ReadAllText(path)
            where text.Count(c => c == '\n') > MostLines
            from method in Methods(text)
            where method.Lines > MostLines
            select (Name: $"{name}: {method.Name}", method.Lines)
        ).ToList();

        var refused = tooLong.Where(method => !Tables.Contains(method.Name)).Select(method => $"{method.Name} has {method.Lines} lines");
        Assert.True(!refused.Any(), $"At most {MostLines} lines:\n{string.Join('\n', refused)}");
        Assert.Empty(Tables.Except(tooLong.Select(method => method.Name))); // what has become short leaves the list
    }

    /// <summary>Every member with a body, and the lines of the body, its braces included.</summary>
    private static IEnumerable<(string Name, int Lines)> Methods(string text) =>
        from node in CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes(HasMembers)
        let body = node switch
        {
            BaseMethodDeclarationSyntax method => (SyntaxNode?)method.Body ?? method.ExpressionBody,
            AccessorDeclarationSyntax accessor => (SyntaxNode?)accessor.Body ?? accessor.ExpressionBody,
            PropertyDeclarationSyntax property => property.ExpressionBody,
            IndexerDeclarationSyntax indexer => indexer.ExpressionBody,
            _ => null,
        }
        where body is not null
        let lines = body.GetLocation().GetLineSpan()
        select (NameOf(node), lines.EndLinePosition.Line - lines.StartLinePosition.Line + 1);

    private static bool HasMembers(SyntaxNode node) =>
        node
            is CompilationUnitSyntax
                or BaseNamespaceDeclarationSyntax
                or BaseTypeDeclarationSyntax
                or BasePropertyDeclarationSyntax
                or AccessorListSyntax;

    private static string NameOf(SyntaxNode node) =>
        node switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
            AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax property } => property.Identifier.Text,
            _ => node.Kind().ToString(),
        };
}
