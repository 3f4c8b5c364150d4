/* Writes lines as fast as a system call a line allows: `lines BYTES`.
 *
 * Says that it is there, and begins at SIGUSR1, as writer.py does. In C, since a Python program
 * needs longer for a call of write(2) than the call takes, and would be what is measured.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);
		if (written < 0)
			_exit(1);
		text += written;
		length -= (size_t)written;
	}
}

int main(int count, char **arguments)
{
	static const char last[] = "that was the last line\n";
	char line[100];
	sigset_t begin;
	int number;

	if (count != 2)
		return 2;
	memset(line, '.', sizeof line);
	memcpy(line, "a line of a hundred bytes ", 26);
	line[sizeof line - 1] = '\n';
	sigemptyset(&begin);
	sigaddset(&begin, SIGUSR1);
	sigprocmask(SIG_BLOCK, &begin, NULL);
	say("ready\n", 6);
	sigwait(&begin, &number);
	for (long long left = atoll(arguments[1]); left > 0; left -= (long long)sizeof line)
		say(line, sizeof line);
	say(last, sizeof last - 1);
	pause();
	return 0;
}
