"""Tables for people: aligned text for a terminal, Markdown for a report."""


def text_table(header, rows):
    """Columns aligned, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    numeric = [all(is_number(row[column]) for row in cells[1:]) for column in range(len(header))]
    lines = []
    for row in cells:
        padded = (cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, numeric))
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def markdown_table(header, rows):
    """The same for a Markdown page."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def is_number(cell):
    return cell.replace(",", "").replace(".", "").replace("+", "").replace("s", "").isdigit() or cell in ("", "-")


def grouped(number):
    return f"{number:,}"
